using Bayou.Metrics;

namespace Bayou.Bench;

/// <summary>Windows that were never sent: rows made in the database, for its size.</summary>
internal sealed class StoredWindows(BenchDatabase database)
{
    private const int Variants = 50;

    /// <summary>A service with so many endpoints and a window of each, and of all, for every minute of so many days.</summary>
    public async Task MakeAsync(string service, int endpoints, int days)
    {
        await database.ExecuteAsync("""
            INSERT INTO series (project_id, service, endpoint)
            SELECT 1, $1, CASE WHEN n = 0 THEN '*' ELSE 'GET /r/' || n || '/{id}' END FROM generate_series(0, $2) n
            """, service, endpoints);
        var end = DateTimeOffset.FromUnixTimeSeconds(WindowKey.StartOf(DateTimeOffset.UtcNow)).UtcDateTime; // the same for every day, however long one takes
        var random = new Random(42);
        var figures = Enumerable.Range(0, Variants).Select(_ => Figures(random)).ToArray();
        for (var day = 0; day < days; day++)
        {
            await database.ExecuteAsync("""
                INSERT INTO metric_windows (id, series_id, window_start, version, applied, figures, request_size, response_size, duration_sum, duration_max,
                       traffic_count, status_1xx, status_2xx, status_3xx, status_4xx, status_5xx, p50, p95, p99)
                SELECT nextval('metric_windows_id_seq'), s.id, m, 1, '{0,0}', ($2::bytea[])[1 + (s.id + extract(epoch
                    FROM m)::int / 60) % array_length($2::bytea[], 1)],
                       10000, 60000, 500000, 90000, 27, 0, 26, 0, 0, 1, 20, 60, 90
                  FROM series s, generate_series($4 - make_interval(days => $3), $4 - make_interval(days => $3 - 1) - interval '1 minute',
                      interval '1 minute') m
                 WHERE s.service = $1
                """, service, figures, day + 1, end);
        }

        await database.ExecuteAsync("""
            INSERT INTO metric_marks (seconds, start, created_at, touched_at)
            SELECT DISTINCT 600, date_bin('10 minutes', m, 'epoch'), now() - interval '1 hour', now() - interval '1 hour'
              FROM generate_series(now() - make_interval(days => $1), now(), interval '10 minutes') m
            ON CONFLICT DO NOTHING
            """, days);
        await database.ExecuteAsync("ANALYZE");
        await database.RolledUpAsync();
        await database.ExecuteAsync("ANALYZE"); // As autovacuum does by itself, a minute later.
    }

    private static byte[] Figures(Random random)
    {
        var figures = new WindowFigures();
        for (var i = 0; i < 27; i++)
        {
            figures.Add(i == 0 ? 500 : 200, (long)Math.Exp(10 + random.NextDouble()), 400, 2_500);
        }

        return figures.ToBytes();
    }
}
