using Bayou.Database;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>What of one service is missing from a range.</summary>
/// <param name="Service">Null for what no known service can be told of.</param>
/// <param name="LastMinute">The latest in which something was lost.</param>
internal sealed record Loss(string? Service, long Rejected, long Dropped, DateTime LastMinute, string? LastError);

/// <summary>
/// <c>GET /metrics/losses</c>: what of a range was refused here or dropped by its sender, by service; under none what no known service can be told of.
/// </summary>
internal sealed class MetricsLosses([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time)
{
    public static QuerySpec Spec { get; } = new(MetricsSelection.Parameters, []);

    public async Task<Results<ApiResult<IEnumerable<Loss>, RangeMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var range = TimeRange.Of(query, time);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        await using var command = db.CreateCommand("""
            SELECT nullif(service, ''), sum(rejected)::bigint, sum(dropped)::bigint, max(minute),
                   (array_agg(last_error ORDER BY minute DESC) FILTER (WHERE last_error IS NOT NULL))[1]
              FROM ingest_losses
             WHERE project_id = $1 AND minute >= date_trunc('minute', $2::timestamptz) AND minute < $3
             GROUP BY service
             ORDER BY 2 DESC, 3 DESC, 1
            """);
        command.With(query.Project, range.Start.UtcDateTime, range.End.UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<Loss>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(
                reader.IsDBNull(0) ? null : reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetDateTime(3),
                reader.IsDBNull(4) ? null : reader.GetString(4)));
        }

        return new ApiResult<IEnumerable<Loss>, RangeMetadata>(rows, RangeMetadata.Of(range));
    }
}
