using Bayou.Database;
using Bayou.Http;
using Bayou.Requests;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Metrics;

/// <param name="Endpoints">How many of it are known.</param>
internal sealed record KnownService(string Service, DateTime FirstSeen, DateTime LastSeen, int Endpoints);

/// <summary><c>GET /metrics/services</c>: every service that has been seen, a row each.</summary>
internal sealed class MetricsServices([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    public static QuerySpec Spec { get; } = new([], []);

    public async Task<Results<ApiResult<IEnumerable<KnownService>>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        await using var command = db.CreateCommand("""
            SELECT s.service, least(s.created_at, coalesce(first.window_start, s.created_at)),
                   coalesce(last.window_start + interval '60 s', s.created_at),
                   (SELECT count(*)::int FROM series e WHERE e.project_id = s.project_id AND e.service = s.service AND e.endpoint <> s.endpoint)
              FROM series s
              LEFT JOIN LATERAL (SELECT window_start FROM metric_windows WHERE series_id = s.id ORDER BY window_start LIMIT 1) first ON true
              LEFT JOIN LATERAL (SELECT window_start FROM metric_windows WHERE series_id = s.id ORDER BY window_start DESC LIMIT 1) last ON true
             WHERE s.project_id = $1 AND s.endpoint = $2
             ORDER BY s.service
            """);
        command.With(query.Project, SeriesName.ServiceTotal);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var services = new List<KnownService>();
        while (await reader.ReadAsync(ct))
        {
            services.Add(new(reader.GetString(0), reader.GetDateTime(1), reader.GetDateTime(2), reader.GetInt32(3)));
        }

        return new ApiResult<IEnumerable<KnownService>>(services);
    }
}
