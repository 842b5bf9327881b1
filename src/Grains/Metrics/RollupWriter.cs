using Bayou.Database;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Bayou.Metrics;

/// <summary>
/// Merges windows into one of the next length, ten minutes of minutes, an hour of these, a day of hours, all series in a transaction: the mark
/// goes, what was there is replaced, and the next longer one is marked. So it may run twice, at once, or stop anywhere. A window that is written
/// meanwhile waits for the mark, and sets it again.
/// </summary>
internal sealed class RollupWriter(NpgsqlDataSource db, WindowPartitions partitions, IOptions<MetricsOptions> options)
{
    private const int PageRows = 10_000; // some 4 MB

    // A window is merged after this wait even if writes to it never stop.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    /// <summary>Merges ten-minute windows that are over and quiet, then hours and days whose parts are all merged. Returns how many it merged.</summary>
    /// <exception cref="AggregateException">Some could not be merged; all others are.</exception>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var merged = 0;
        var failures = new List<Exception>();
        foreach (var resolution in Resolution.All.Skip(1))
        {
            foreach (var start in await RipeAsync(resolution, ct))
            {
                try
                {
                    merged += await MergeAsync(resolution, start, ct) ? 1 : 0;
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    failures.Add(e); // One that cannot be merged must not keep back the others.
                }
            }
        }

        return failures.Count == 0 ? merged : throw new AggregateException("Some windows could not be merged; the next run tries again.", failures);
    }

    private async Task<List<DateTimeOffset>> RipeAsync(Resolution resolution, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            SELECT m.start
              FROM metric_marks m, LATERAL (SELECT greatest(m.created_at, m.start + make_interval(secs => $1)) AS since) waiting
             WHERE m.seconds = $1 AND m.start + make_interval(secs => $1) <= now()
               AND (m.touched_at <= now() - $2 OR waiting.since <= now() - $3)
               AND (waiting.since <= now() - 3 * $3 -- spares merging it twice; to be right it need not wait
                    OR NOT EXISTS (SELECT 1 FROM metric_marks h
                                    WHERE h.seconds < m.seconds AND h.start >= m.start AND h.start < m.start + make_interval(secs => $1)))
             ORDER BY m.start DESC -- what is looked at most comes first
            """);
        command.With(resolution.Seconds, TimeSpan.FromSeconds(options.Value.RollUpAfterSeconds), LongestWait);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var ripe = new List<DateTimeOffset>();
        while (await reader.ReadAsync(ct))
        {
            ripe.Add(reader.GetDateTime(0));
        }

        return ripe;
    }

    /// <returns>False when another has done it.</returns>
    private async Task<bool> MergeAsync(Resolution resolution, DateTimeOffset start, CancellationToken ct)
    {
        var finer = Resolution.All.Last(r => r.Seconds < resolution.Seconds);
        var longer = Resolution.All.FirstOrDefault(r => r.Seconds > resolution.Seconds);
        await partitions.EnsureAsync(resolution, [start], ct);
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);

        // Waits for whoever is writing to it; what that wrote is seen by the statements after this one.
        if (await ExecuteAsync(connection, "DELETE FROM metric_marks WHERE seconds = $1 AND start = $2", ct, resolution.Seconds, start.UtcDateTime) == 0)
        {
            return false;
        }

        var end = start + resolution.Length;
        await ExecuteAsync(connection, $"DELETE FROM {resolution.Table} WHERE window_start >= $1 AND window_start < $2", ct, start.UtcDateTime,
            end.UtcDateTime);
        await MergeAsync(connection, finer, resolution, start, end, ct);
        if (longer is not null)
        {
            await ExecuteAsync(connection, RollupMarks.Set, ct, longer.Seconds, new[] { longer.StartOf(start).UtcDateTime });
        }

        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>A page at a time: an hour of many endpoints does not fit in memory.</summary>
    private static async Task MergeAsync(
        NpgsqlConnection connection, Resolution finer, Resolution resolution, DateTimeOffset start, DateTimeOffset end, CancellationToken ct)
    {
        var counts = finer != Resolution.Minute ? "true"
            : $"NOT (w.series_id = ANY ((SELECT ARRAY(SELECT id FROM series WHERE origin > 0))::int[]) AND {BestOrigin.HasBetter("w")})";
        await ExecuteAsync(connection, $"""
            DECLARE finer NO SCROLL CURSOR FOR
            SELECT series_id, figures FROM {finer.Table} w WHERE window_start >= $1 AND window_start < $2 AND {counts} ORDER BY series_id
            """, ct, start.UtcDateTime, end.UtcDateTime);
        RollupRow? open = null; // what the rows of the next page may still add to
        bool isEnd;
        do
        {
            var merged = new List<RollupRow>();
            (open, isEnd) = await MergePageAsync(connection, merged, open, ct);
            await CopyAsync(connection, resolution, start, merged, ct);
        }
        while (!isEnd);
    }

    /// <param name="merged">Takes what is complete, at the end all of it.</param>
    private static async Task<(RollupRow? Open, bool IsEnd)> MergePageAsync(
        NpgsqlConnection connection, List<RollupRow> merged, RollupRow? open, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"FETCH {PageRows} FROM finer", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var isEnd = true;
        while (await reader.ReadAsync(ct))
        {
            isEnd = false;
            var series = reader.GetInt32(0);
            if (open?.Series != series)
            {
                Seal();
                open = new(series);
            }

            open.Merge(reader.GetFieldValue<byte[]>(1));
        }

        if (isEnd)
        {
            Seal();
        }

        return (open, isEnd);

        void Seal()
        {
            if (open is not null)
            {
                open.Seal();
                merged.Add(open);
                open = null;
            }
        }
    }

    private static async Task CopyAsync(NpgsqlConnection connection, Resolution resolution, DateTimeOffset start, List<RollupRow> rows, CancellationToken ct)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            $"COPY {resolution.Table} (series_id, window_start, traffic_count, errors, duration_sum, figures) FROM STDIN (FORMAT binary)", ct);
        foreach (var row in rows)
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(row.Series, NpgsqlDbType.Integer, ct);
            await copy.WriteAsync(start.UtcDateTime, NpgsqlDbType.TimestampTz, ct);
            await copy.WriteAsync(row.Traffic, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(row.Errors, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(row.DurationSum, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(row.Figures, NpgsqlDbType.Bytea, ct);
        }

        await copy.CompleteAsync(ct);
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.With(value);
        }

        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>A merged window: figures while it is open, bytes once all of it is in.</summary>
    private sealed class RollupRow(int series)
    {
        private WindowFigures? _sum = new();

        public int Series => series;

        public long Traffic { get; private set; }

        public long Errors { get; private set; }

        public long DurationSum { get; private set; }

        public byte[] Figures { get; private set; } = [];

        public void Merge(byte[] figures) => _sum!.MergeFrom(figures);

        public void Seal()
        {
            (Traffic, Errors, DurationSum, Figures) = (_sum!.Count, _sum.Errors, _sum.DurationSumMicros, _sum.ToBytes());
            _sum = null;
        }
    }
}
