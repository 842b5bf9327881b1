using System.Buffers;
using System.Collections.Concurrent;
using System.Data;
using System.Globalization;
using System.Text;
using Bayou.Database;
using Bayou.Requests;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>Takes one window: its series, its start, and figures as <see cref="WindowFigures.MergeFrom(ReadOnlySpan{byte})"/> takes them.</summary>
internal delegate void EachWindow(int series, DateTime start, ReadOnlySpan<byte> figures);

/// <summary>What windows come to without their sketches.</summary>
/// <param name="DurationSum">Microseconds.</param>
internal readonly record struct WindowTotals(long Traffic, long Errors, long DurationSum)
{
    public static WindowTotals operator +(WindowTotals a, WindowTotals b) => new(a.Traffic + b.Traffic, a.Errors + b.Errors, a.DurationSum + b.DurationSum);
}

/// <summary>Reads the windows of a selection, from roll-ups wherever these have everything.</summary>
internal sealed class MetricsScan([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, IOptions<MetricsOptions> options, TimeProvider time)
{
    // Series beside which the same service has some of a better origin; as last seen, and one stays such.
    private readonly ConcurrentDictionary<int, bool> _lesser = [];
    private volatile int _newestSeries; // the largest id, as last seen: there are at most so many

    /// <summary>The selected series by id.</summary>
    public async Task<Dictionary<int, SeriesName>> SeriesAsync(MetricsSelection selection, CancellationToken ct)
    {
        await using var command =
            db.CreateCommand($"""
                SELECT s.id, s.service, s.endpoint, (SELECT max(id) FROM series), s.origin > 0 AND EXISTS (SELECT FROM series_rivals r WHERE r.series_id = s.id)
                  FROM series s WHERE {selection.Series.Where}
                """);
        selection.Series.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var series = new Dictionary<int, SeriesName>();
        while (await reader.ReadAsync(ct))
        {
            series[reader.GetInt32(0)] = new(reader.GetString(1), reader.GetString(2));
            _newestSeries = reader.GetInt32(3);
            if (reader.GetBoolean(4))
            {
                _lesser[reader.GetInt32(0)] = true;
            }
        }

        return series;
    }

    /// <summary>Calls <paramref name="each"/> for windows that together are all of the range.</summary>
    /// <param name="longest">Seconds that a window may be long.</param>
    public Task WindowsAsync(IEnumerable<int> series, TimeRange range, long longest, EachWindow each, CancellationToken ct)
    {
        var wanted = Wanted(series);
        return PlannedAsync(range, longest, (connection, segments) => ReadAsync(connection, wanted, segments, each, ct), ct);
    }

    /// <summary>What can be added up without merging sketches, by series.</summary>
    public async Task<Dictionary<int, WindowTotals>> TotalsAsync(IEnumerable<int> series, TimeRange range, CancellationToken ct)
    {
        var wanted = Wanted(series);
        var totals = new Dictionary<int, WindowTotals>();
        await PlannedAsync(range, long.MaxValue, async (connection, segments) =>
        {
            await using var command = new NpgsqlCommand { Connection = connection };
            var figures = Union(command.Parameters, wanted, segments, segment =>
                segment.Resolution == Resolution.Minute ? "traffic_count, status_5xx AS errors, duration_sum" : "traffic_count, errors, duration_sum");
            command.CommandText = $"""
                SELECT series_id, sum(traffic_count)::bigint, sum(errors)::bigint, sum(duration_sum)::bigint
                  FROM ({figures}) w
                 GROUP BY series_id
                """;
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                if (wanted.Has(reader.GetInt32(0)))
                {
                    totals[reader.GetInt32(0)] = new(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
                }
            }
        }, ct);
        return totals;
    }

    /// <summary>All of a selection's windows merged, by whatever <paramref name="group"/> says; windows past so many groups are left out.</summary>
    /// <param name="longest">Seconds that a window may be long and still be of one group.</param>
    public async Task<Dictionary<TKey, WindowFigures>> MergeAsync<TKey>(
        IEnumerable<int> series, TimeRange range, long longest, Func<int, DateTime, TKey> group, CancellationToken ct, int maxGroups = int.MaxValue)
        where TKey : notnull
    {
        var merged = new Dictionary<TKey, WindowFigures>();
        await WindowsAsync(series, range, longest, (id, start, figures) =>
        {
            var key = group(id, start);
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
    public async Task<WindowFigures> SumAsync(IEnumerable<int> series, TimeRange range, CancellationToken ct)
    {
        var sum = new WindowFigures();
        await WindowsAsync(series, range, long.MaxValue, (_, _, figures) => sum.MergeFrom(figures), ct);
        return sum;
    }

    private WantedSeries Wanted(IEnumerable<int> series)
    {
        int[] ids = [.. series];
        return new(ids, _newestSeries, _lesser.IsEmpty ? [] : [.. ids.Where(_lesser.ContainsKey)]);
    }

    private async Task PlannedAsync(TimeRange range, long longest, Func<NpgsqlConnection, List<PlannedRange>, Task> read, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        if (!WindowPlan.IsWorthwhile(range, longest, time.GetUtcNow(), options.Value))
        {
            await read(connection, [new(Resolution.Minute, range.Start, range.End)]);
            return;
        }

        // One snapshot for the marks and the rows: a row that is late comes with its mark.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var segments = WindowPlan.Of(range, longest, await MarksAsync(connection, range, ct), time.GetUtcNow(), options.Value);
        if (segments.Count > 0)
        {
            await read(connection, segments);
        }

        await snapshot.CommitAsync(ct);
    }

    private static async Task<HashSet<(int Seconds, DateTimeOffset Start)>> MarksAsync(NpgsqlConnection connection, TimeRange range, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "SELECT seconds, start FROM metric_marks WHERE start < $2 AND start > $1 - interval '1 day'", connection);
        command.With(range.Start.UtcDateTime, range.End.UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var marks = new HashSet<(int, DateTimeOffset)>();
        while (await reader.ReadAsync(ct))
        {
            marks.Add((reader.GetInt32(0), reader.GetDateTime(1)));
        }

        return marks;
    }

    /// <summary>UNION ALL of the segments' rows. Each SELECT has its own bounds, not a list of ranges, so that it prunes partitions when planned.</summary>
    private static string Union(NpgsqlParameterCollection parameters, WantedSeries wanted, List<PlannedRange> segments, Func<PlannedRange, string> columns)
    {
        var only = "";
        if (!wanted.AreMost)
        {
            parameters.Add(new() { Value = wanted.Ids });
            only = " AND series_id = ANY ($1)";
        }

        var best = "";
        if (wanted.Lesser.Length > 0)
        {
            parameters.Add(new() { Value = wanted.Lesser });
            best = string.Create(CultureInfo.InvariantCulture, $" AND NOT (series_id = ANY (${parameters.Count}) AND {BestOrigin.HasBetter("w")})");
        }

        var sql = new StringBuilder();
        foreach (var segment in segments)
        {
            parameters.Add(new() { Value = segment.Start.UtcDateTime });
            parameters.Add(new() { Value = segment.End.UtcDateTime });
            var end = parameters.Count;
            sql.Append(sql.Length == 0 ? "" : "\nUNION ALL\n").Append(CultureInfo.InvariantCulture,
                $"SELECT series_id, {columns(segment)} FROM {segment.Resolution.Table} w WHERE window_start >= ${end - 1} AND window_start < ${end}{only}")
                .Append(segment.Resolution == Resolution.Minute ? best : "");
        }

        return sql.ToString();
    }

    private static async Task ReadAsync(NpgsqlConnection connection, WantedSeries wanted, List<PlannedRange> segments, EachWindow each, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand { Connection = connection };
        command.CommandText = Union(command.Parameters, wanted, segments, _ => "window_start, figures");
        await using var reader = await command.ExecuteReaderAsync(ct);
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (await reader.ReadAsync(ct))
            {
                if (!wanted.Has(reader.GetInt32(0)))
                {
                    continue;
                }

                var length = (int)reader.GetBytes(2, 0, buffer, 0, buffer.Length);
                if (length == buffer.Length)
                {
                    length = (int)reader.GetBytes(2, 0, null, 0, 0);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(length + 1); // Full, it may not have all.
                    reader.GetBytes(2, 0, buffer, 0, length);
                }

                each(reader.GetInt32(0), reader.GetDateTime(1), buffer.AsSpan(0, length));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>
/// The series that a question is about. Where these are most of all, all are read and the others left out here: a long list takes PostgreSQL longer to
/// plan with than the others' rows to read.
/// </summary>
/// <param name="lesser">Those of which only minutes count that no better origin has.</param>
internal sealed class WantedSeries(int[] ids, int newest, int[] lesser)
{
    private readonly HashSet<int>? _among = ids.Length > 0 && ids.Length * 4L >= newest * 3L ? [.. ids] : null;

    public int[] Ids => ids;

    public int[] Lesser => lesser;

    public bool AreMost => _among is not null;

    /// <summary>Whether a row that was read is of these.</summary>
    public bool Has(int id) => _among?.Contains(id) ?? true;
}
