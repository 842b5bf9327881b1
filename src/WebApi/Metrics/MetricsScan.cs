using System.Buffers;
using System.Data;
using System.Globalization;
using System.Text;
using Bayou.Ingest;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>Takes one window: its series, its start, and figures as <see cref="WindowFigures.MergeFrom(ReadOnlySpan{byte})"/> takes them.</summary>
internal delegate void EachWindow(int series, DateTime start, ReadOnlySpan<byte> figures);

/// <summary>Reads the windows of a selection, from roll-ups wherever these have everything.</summary>
internal sealed class MetricsScan(NpgsqlDataSource db, IOptions<MetricsOptions> options, TimeProvider time)
{
    /// <summary>The selected series by id.</summary>
    public async Task<Dictionary<int, SeriesName>> SeriesAsync(MetricsSelection selection, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"SELECT s.id, s.service, s.endpoint FROM series s WHERE {selection.Series.Where}");
        selection.Series.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var series = new Dictionary<int, SeriesName>();
        while (await reader.ReadAsync(ct))
        {
            series[reader.GetInt32(0)] = new(reader.GetString(1), reader.GetString(2));
        }

        return series;
    }

    /// <summary>Calls <paramref name="each"/> for windows that together are all of the range.</summary>
    /// <param name="longest">Seconds that a window may be long.</param>
    public async Task WindowsAsync(IEnumerable<int> series, TimeRange range, long longest, EachWindow each, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        if (!WindowPlan.IsWorthwhile(range, longest, time.GetUtcNow(), options.Value))
        {
            await ReadAsync(connection, [.. series], [new(Resolution.Minute, range.Start, range.End)], each, ct);
            return;
        }

        // One snapshot for the marks and the rows: a row that is late comes with its mark.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var marks = await MarksAsync(connection, range, ct);
        await ReadAsync(connection, [.. series], WindowPlan.Of(range, longest, marks, time.GetUtcNow(), options.Value), each, ct);
        await snapshot.CommitAsync(ct);
    }

    /// <summary>All of a selection's windows merged, by whatever <paramref name="group"/> says; windows past so many groups are left out.</summary>
    /// <param name="longest">Seconds that a window may be long and still be of one group.</param>
    public async Task<Dictionary<TKey, WindowFigures>> MergeAsync<TKey>(
        Dictionary<int, SeriesName> series, TimeRange range, long longest, Func<SeriesName, DateTime, TKey> group, CancellationToken ct, int maxGroups = int.MaxValue)
        where TKey : notnull
    {
        var merged = new Dictionary<TKey, WindowFigures>();
        await WindowsAsync(series.Keys, range, longest, (id, start, figures) =>
        {
            var key = group(series[id], start);
            if (!merged.TryGetValue(key, out var sum))
            {
                if (merged.Count >= maxGroups)
                {
                    return;
                }

                merged[key] = sum = new WindowFigures();
            }

            sum.MergeFrom(figures);
        }, ct);
        return merged;
    }

    /// <summary>Everything selected as one.</summary>
    public async Task<WindowFigures> SumAsync(Dictionary<int, SeriesName> series, TimeRange range, CancellationToken ct)
    {
        var sum = new WindowFigures();
        await WindowsAsync(series.Keys, range, long.MaxValue, (_, _, figures) => sum.MergeFrom(figures), ct);
        return sum;
    }

    private static async Task<HashSet<(int Seconds, DateTimeOffset Start)>> MarksAsync(NpgsqlConnection connection, TimeRange range, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "SELECT seconds, start FROM metric_rollup_marks WHERE start < $2 AND start > $1 - interval '1 day'", connection);
        command.Parameters.Add(new() { Value = range.Start.UtcDateTime });
        command.Parameters.Add(new() { Value = range.End.UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var marks = new HashSet<(int, DateTimeOffset)>();
        while (await reader.ReadAsync(ct))
        {
            marks.Add((reader.GetInt32(0), reader.GetDateTime(1)));
        }

        return marks;
    }

    private static async Task ReadAsync(NpgsqlConnection connection, int[] series, List<WindowSegment> segments, EachWindow each, CancellationToken ct)
    {
        if (segments.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand { Connection = connection };
        command.Parameters.Add(new() { Value = series });
        var sql = new StringBuilder();
        foreach (var segment in segments)
        {
            // Bounds of their own, not a list of ranges: each leaves out partitions while it is planned.
            var at = command.Parameters.Count;
            sql.Append(at == 1 ? "" : "\nUNION ALL\n").Append(CultureInfo.InvariantCulture,
                $"SELECT series_id, window_start, figures FROM {segment.Resolution.Table} WHERE series_id = ANY ($1) AND window_start >= ${at + 1} AND window_start < ${at + 2}");
            command.Parameters.Add(new() { Value = segment.Start.UtcDateTime });
            command.Parameters.Add(new() { Value = segment.End.UtcDateTime });
        }

        command.CommandText = sql.ToString();
        await using var reader = await command.ExecuteReaderAsync(ct);
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (await reader.ReadAsync(ct))
            {
                var length = (int)reader.GetBytes(2, 0, null, 0, 0);
                if (length > buffer.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(length);
                }

                reader.GetBytes(2, 0, buffer, 0, length);
                each(reader.GetInt32(0), reader.GetDateTime(1), buffer.AsSpan(0, length));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
