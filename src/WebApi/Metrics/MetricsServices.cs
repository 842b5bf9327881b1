using Bayou.Database;
using Bayou.Http;
using Bayou.Requests;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Metrics;

/// <param name="Endpoints">How many of it are known.</param>
/// <param name="Origins">By which its requests are known, the best first: of a minute only the best that has it counts.</param>
internal sealed record KnownService(string Service, DateTime FirstSeen, DateTime LastSeen, int Endpoints, IEnumerable<string> Origins);

/// <summary><c>GET /metrics/services</c>: every service that has been seen, a row each.</summary>
internal sealed class MetricsServices([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    // By their numbers, as SeriesOrigin has them.
    private static readonly string[] Origins = ["requests", "spans", "histograms"];

    public static QuerySpec Spec { get; } = new([], []);

    public async Task<Results<ApiResult<IEnumerable<KnownService>>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        await using var command = db.CreateCommand("""
            SELECT s.service, min(least(s.created_at, coalesce(first.window_start, s.created_at))),
                   max(coalesce(last.window_start + interval '60 s', s.created_at)),
                   (SELECT count(DISTINCT e.endpoint)::int
                      FROM series e WHERE e.project_id = s.project_id AND e.service = s.service AND e.endpoint <> $2),
                   array_agg(s.origin ORDER BY s.origin)
              FROM series s
              LEFT JOIN LATERAL (SELECT window_start FROM metric_windows WHERE series_id = s.id ORDER BY window_start LIMIT 1) first ON true
              LEFT JOIN LATERAL (SELECT window_start FROM metric_windows WHERE series_id = s.id ORDER BY window_start DESC LIMIT 1) last ON true
             WHERE s.project_id = $1 AND s.endpoint = $2
             GROUP BY s.project_id, s.service
             ORDER BY s.service
            """);
        command.With(query.Project, SeriesName.ServiceTotal);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var services = new List<KnownService>();
        while (await reader.ReadAsync(ct))
        {
            services.Add(new(reader.GetString(0), reader.GetDateTime(1), reader.GetDateTime(2), reader.GetInt32(3),
                reader.GetFieldValue<short[]>(4).Select(origin => Origins[origin])));
        }

        return new ApiResult<IEnumerable<KnownService>>(services);
    }
}
