using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Npgsql;

namespace Bayou.Metrics;

/// <summary><c>GET /metrics/losses</c>: what of a range was refused here or dropped by its sender, by service; under none what no known service can be told of.</summary>
internal sealed class MetricsLosses([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time)
{
    public static QuerySpec Spec { get; } = new(MetricsSelection.Parameters, []);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
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
        command.Parameters.Add(new() { Value = Project.Default });
        command.Parameters.Add(new() { Value = range.Start.UtcDateTime });
        command.Parameters.Add(new() { Value = range.End.UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<object>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new
            {
                service = reader.IsDBNull(0) ? null : reader.GetString(0),
                rejected = reader.GetInt64(1),
                dropped = reader.GetInt64(2),
                last_minute = reader.GetDateTime(3),
                last_error = reader.IsDBNull(4) ? null : reader.GetString(4),
            });
        }

        return new ApiResult(rows, new { start_date = range.Start, end_date = range.End });
    }
}
