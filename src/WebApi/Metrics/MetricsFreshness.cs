using Bayou.Database;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Metrics;

/// <param name="BehindMs">How far what is shown may be behind what was acknowledged, in milliseconds.</param>
/// <param name="Rejected">Observations of the range that were refused.</param>
/// <param name="Dropped">Observations that senders say they dropped.</param>
internal sealed record Freshness(double BehindMs, long Rejected, long Dropped, string? LastError);

/// <summary>
/// <c>GET /metrics/freshness</c>: how far what is shown may be behind what was acknowledged, and what of a range is missing because
/// it was refused here or dropped by its sender.
/// </summary>
internal sealed class MetricsFreshness([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time)
{
    public static QuerySpec Spec { get; } = new(MetricsSelection.Parameters, [new("service", "service", FieldType.Text)]);

    public async Task<Results<ApiResult<Freshness>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var range = TimeRange.Of(query, time);
        var filter = new FilterSql();
        query.Filters(filter);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var start = range.Start.UtcDateTime;
        var first = start.AddTicks(-(start.Ticks % TimeSpan.TicksPerMinute));
        filter.Add($"project_id = {query.Project}");
        filter.Add($"minute >= {first}");
        filter.Add($"minute < {range.End.UtcDateTime}");

        // A journal row goes once all its windows have it. What no service can be told of is in the sum of all, and in no service's.
        await using var command = db.CreateCommand($"""
            SELECT coalesce((SELECT extract(epoch FROM clock_timestamp() - min(created_at)) * 1000 FROM ingest_journal), 0)::float8,
                   coalesce(sum(rejected), 0)::bigint, coalesce(sum(dropped), 0)::bigint,
                   (array_agg(last_error ORDER BY minute DESC) FILTER (WHERE last_error IS NOT NULL))[1]
              FROM ingest_losses
             WHERE {filter.Where}
            """);
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new ApiResult<Freshness>(
            new(Math.Round(reader.GetDouble(0)), reader.GetInt64(1), reader.GetInt64(2), reader.IsDBNull(3) ? null : reader.GetString(3)));
    }
}
