using Bayou.Database;
using Bayou.Http;
using Bayou.Requests;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Metrics;

internal sealed record KnownEndpoint(string Service, string Endpoint, DateTime FirstSeen, DateTime LastSeen);

/// <param name="MaxEndpoints">That a project may have.</param>
/// <param name="LimitReached">Further ones are counted together.</param>
internal sealed record EndpointListMetadata(int Limit, int MaxEndpoints, bool LimitReached);

/// <summary><c>GET /metrics/endpoints</c>: every service and endpoint that has been seen.</summary>
internal sealed class MetricsEndpointList([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, IOptions<MetricsOptions> options)
{
    public static QuerySpec Spec { get; } = new(
        [("limit", "Most endpoints, 1 to 10000, which is also the default."), ("search", "Text in service or endpoint.")],
        MetricsSelection.Fields);

    public async Task<Results<ApiResult<IEnumerable<KnownEndpoint>, EndpointListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var limit = (int)(query.Integer("limit", 1, 10_000) ?? 10_000);
        var filter = new FilterSql();
        filter.Add($"s.project_id = {query.Project} AND s.endpoint <> {SeriesName.ServiceTotal}");
        query.Filters(filter);
        if (query.Text("search") is { Length: > 0 } search)
        {
            filter.AddSearch("s.service || ' ' || s.endpoint", search.Replace("\0", "", StringComparison.Ordinal));
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        await using var command = db.CreateCommand($"""
            SELECT s.service, s.endpoint, min(least(s.created_at, coalesce(first.window_start, s.created_at))),
                   max(coalesce(last.window_start + interval '60 s', s.created_at)),
                   (SELECT max_endpoints FROM projects WHERE id = s.project_id)
              FROM series s
              LEFT JOIN LATERAL (SELECT window_start FROM metric_windows WHERE series_id = s.id ORDER BY window_start LIMIT 1) first ON true
              LEFT JOIN LATERAL (SELECT window_start FROM metric_windows WHERE series_id = s.id ORDER BY window_start DESC LIMIT 1) last ON true
             WHERE {filter.Where}
             GROUP BY s.project_id, s.service, s.endpoint -- one may be known by several origins
             ORDER BY s.service, s.endpoint
             LIMIT {limit}
            """);
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var endpoints = new List<KnownEndpoint>();
        var most = options.Value.MaxEndpoints;
        while (await reader.ReadAsync(ct))
        {
            endpoints.Add(new(reader.GetString(0), reader.GetString(1), reader.GetDateTime(2), reader.GetDateTime(3)));
            most = await reader.OrNullAsync<int>(4, ct) ?? most;
        }

        return new ApiResult<IEnumerable<KnownEndpoint>, EndpointListMetadata>(
            endpoints, new(limit, most, LimitReached: endpoints.Exists(e => e.Endpoint == SeriesName.Other)));
    }
}
