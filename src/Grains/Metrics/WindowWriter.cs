using Bayou.Database;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>Writes rows of <c>metric_windows</c>.</summary>
internal sealed class WindowWriter(NpgsqlDataSource db)
{
    /// <summary>The feed's advisory lock; held from before ids are drawn until they are visible.</summary>
    private static readonly AdvisoryLock FeedLock = new("feed.metric_windows");

    // applied travels as text: arrays of arrays of different lengths do not.
    private const string Upsert = """
        INSERT INTO metric_windows AS w (
               id, series_id, window_start, version, applied, figures, request_size, response_size,
               duration_sum, duration_max, traffic_count,
               status_1xx, status_2xx, status_3xx, status_4xx, status_5xx, p50, p95, p99)
        SELECT nextval('metric_windows_id_seq'), u.series_id, u.window_start, u.version + 1, u.applied::bigint[], u.figures,
               u.request_size, u.response_size, u.duration_sum, u.duration_max, u.traffic_count,
               u.status_1xx, u.status_2xx, u.status_3xx, u.status_4xx, u.status_5xx, u.p50, u.p95, u.p99
          FROM unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::text[], $5::bytea[], $6::bigint[], $7::bigint[],
                      $8::bigint[], $9::bigint[], $10::int[], $11::int[], $12::int[], $13::int[], $14::int[], $15::int[],
                      $16::real[], $17::real[], $18::real[])
               AS u(series_id, window_start, version, applied, figures, request_size, response_size,
                    duration_sum, duration_max, traffic_count,
                    status_1xx, status_2xx, status_3xx, status_4xx, status_5xx, p50, p95, p99)
        ON CONFLICT (series_id, window_start) DO UPDATE SET
               id = excluded.id, version = excluded.version, applied = excluded.applied, figures = excluded.figures,
               request_size = excluded.request_size, response_size = excluded.response_size,
               duration_sum = excluded.duration_sum, duration_max = excluded.duration_max,
               traffic_count = excluded.traffic_count, status_1xx = excluded.status_1xx,
               status_2xx = excluded.status_2xx, status_3xx = excluded.status_3xx,
               status_4xx = excluded.status_4xx, status_5xx = excluded.status_5xx,
               p50 = excluded.p50, p95 = excluded.p95, p99 = excluded.p99, updated_at = now()
         WHERE w.version = excluded.version - 1
        RETURNING w.series_id, w.window_start
        """;

    /// <summary>
    /// Writes each window whose stored version is the one it was loaded with, all or none, and returns
    /// those written. The windows must be of different keys.
    /// </summary>
    public async Task<HashSet<WindowKey>> WriteAsync(IReadOnlyList<WindowSnapshot> windows, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);

        await FeedLock.AcquireAsync(connection, ct);

        var written = new HashSet<WindowKey>(windows.Count);
        await using (var upsert = new NpgsqlCommand(Upsert, connection, transaction))
        {
            Bind(upsert.Parameters, windows);
            await using var reader = await upsert.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var start = new DateTimeOffset(reader.GetDateTime(1), TimeSpan.Zero);
                written.Add(new(reader.GetInt32(0), start.ToUnixTimeSeconds()));
            }
        }

        // Roll-ups of these ten minutes are stale; mark them.
        await using var mark = new NpgsqlCommand(RollupMarks.Set, connection, transaction);
        mark.With(Resolution.TenMinutes.Seconds, written.Select(key => Resolution.TenMinutes.StartOf(key.Start).UtcDateTime).Distinct().ToArray());
        await mark.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return written;
    }

    private static void Bind(NpgsqlParameterCollection parameters, IReadOnlyList<WindowSnapshot> windows)
    {
        Add(w => w.Key.SeriesId);
        Add(w => w.Key.Start.UtcDateTime);
        Add(w => w.Version);
        Add(w => w.Applied);
        Add(w => w.Figures);
        Add(w => w.RequestSize);
        Add(w => w.ResponseSize);
        Add(w => w.DurationSum);
        Add(w => w.DurationMax);
        Add(w => w.TrafficCount);
        Add(w => w.Status1xx);
        Add(w => w.Status2xx);
        Add(w => w.Status3xx);
        Add(w => w.Status4xx);
        Add(w => w.Status5xx);
        Add(w => w.P50);
        Add(w => w.P95);
        Add(w => w.P99);

        void Add<T>(Func<WindowSnapshot, T> column) =>
            parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. windows.Select(column)] });
    }
}
