using System.Buffers;
using System.Data;
using System.Globalization;
using System.Text;
using Bayou.Ingest;
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

/// <summary>Reads the windows of a range, from roll-ups wherever these have everything; all that is asked of it is as it was at one moment.</summary>
/// <param name="newestSeries">The largest id, so that there are at most so many.</param>
internal sealed class RangeReader(NpgsqlDataSource db, TimeRange range, int newestSeries, MetricsOptions options, DateTimeOffset now) : IAsyncDisposable
{
    private NpgsqlConnection? _connection;
    private NpgsqlTransaction? _snapshot;
    private HashSet<(int Seconds, DateTimeOffset Start)>? _marks;

    public TimeRange Range => range;

    /// <summary>Calls <paramref name="each"/> for windows that together are all of the range.</summary>
    /// <param name="longest">Seconds that a window may be long.</param>
    public async Task WindowsAsync(IEnumerable<int> series, long longest, EachWindow each, CancellationToken ct)
    {
        var wanted = new Wanted([.. series], newestSeries);
        await using var command = await CommandAsync(wanted, longest, _ => "window_start, figures", rows => rows, ct);
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

    /// <summary>What can be added up without merging sketches, by series.</summary>
    public async Task<Dictionary<int, WindowTotals>> TotalsAsync(IEnumerable<int> series, CancellationToken ct)
    {
        var wanted = new Wanted([.. series], newestSeries);
        await using var command = await CommandAsync(
            wanted, long.MaxValue, segment => segment.Resolution == Resolution.Minute ? "traffic_count, status_5xx AS errors, duration_sum" : "traffic_count, errors, duration_sum",
            rows => $"SELECT series_id, sum(traffic_count)::bigint, sum(errors)::bigint, sum(duration_sum)::bigint FROM ({rows}) w GROUP BY series_id", ct);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var totals = new Dictionary<int, WindowTotals>();
        while (await reader.ReadAsync(ct))
        {
            if (wanted.Has(reader.GetInt32(0)))
            {
                totals[reader.GetInt32(0)] = new(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
            }
        }

        return totals;
    }

    /// <summary>All windows merged, by whatever <paramref name="group"/> says; those past so many groups are left out.</summary>
    /// <param name="longest">Seconds that a window may be long and still be of one group.</param>
    public async Task<Dictionary<TKey, WindowFigures>> MergeAsync<TKey>(
        IEnumerable<int> series, long longest, Func<int, DateTime, TKey> group, CancellationToken ct, int maxGroups = int.MaxValue)
        where TKey : notnull
    {
        var merged = new Dictionary<TKey, WindowFigures>();
        await WindowsAsync(series, longest, (id, start, figures) =>
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

    /// <summary>All windows as one.</summary>
    public async Task<WindowFigures> SumAsync(IEnumerable<int> series, CancellationToken ct)
    {
        var sum = new WindowFigures();
        await WindowsAsync(series, long.MaxValue, (_, _, figures) => sum.MergeFrom(figures), ct);
        return sum;
    }

    public async ValueTask DisposeAsync()
    {
        await (_snapshot?.DisposeAsync() ?? default);
        await (_connection?.DisposeAsync() ?? default);
    }

    /// <summary>A question about the rows of all segments. Each has bounds of its own, not a list of ranges: so each leaves out partitions while it is planned.</summary>
    private async Task<NpgsqlCommand> CommandAsync(
        Wanted wanted, long longest, Func<WindowSegment, string> columns, Func<string, string> question, CancellationToken ct)
    {
        var segments = await PlanAsync(longest, ct);
        var command = new NpgsqlCommand { Connection = _connection };
        var only = "";
        if (!wanted.AreMost)
        {
            command.Parameters.Add(new() { Value = wanted.Series });
            only = " AND series_id = ANY ($1)";
        }

        var rows = new StringBuilder();
        foreach (var segment in segments)
        {
            command.Parameters.Add(new() { Value = segment.Start.UtcDateTime });
            command.Parameters.Add(new() { Value = segment.End.UtcDateTime });
            var end = command.Parameters.Count;
            rows.Append(rows.Length == 0 ? "" : "\nUNION ALL\n").Append(CultureInfo.InvariantCulture,
                $"SELECT series_id, {columns(segment)} FROM {segment.Resolution.Table} WHERE window_start >= ${end - 1} AND window_start < ${end}{only}");
        }

        command.CommandText = question(rows.ToString());
        return command;
    }

    private async Task<List<WindowSegment>> PlanAsync(long longest, CancellationToken ct)
    {
        _connection ??= await db.OpenConnectionAsync(ct);
        if (_marks is null)
        {
            if (!WindowPlan.IsWorthwhile(range, longest, now, options))
            {
                return [new(Resolution.Minute, range.Start, range.End)];
            }

            // One snapshot for the marks and the rows: a row that is late comes with its mark.
            _snapshot = await _connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            _marks = await MarksAsync(_connection, ct);
        }

        return WindowPlan.Of(range, longest, _marks, now, options) is { Count: > 0 } plan ? plan : [new(Resolution.Minute, range.Start, range.Start)];
    }

    private async Task<HashSet<(int Seconds, DateTimeOffset Start)>> MarksAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "SELECT seconds, start FROM metric_marks WHERE start < $2 AND start > $1 - interval '1 day'", connection);
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

    /// <summary>The series that are asked for. Where these are most of all, all are read: a long list takes longer to plan with than the others' rows to read.</summary>
    private sealed class Wanted(int[] series, int newest)
    {
        private readonly HashSet<int>? _among = series.Length > 0 && series.Length * 4L >= newest * 3L ? [.. series] : null;

        public int[] Series => series;

        public bool AreMost => _among is not null;

        public bool Has(int id) => _among?.Contains(id) ?? true;
    }
}
