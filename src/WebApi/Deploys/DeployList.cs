using Bayou.Database;
using Bayou.Feeds;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Deploys;

/// <summary>One row of <c>GET /deploys</c>.</summary>
internal sealed record DeployRow(long Id, string Service, string Version, DateTime Time, string Source);

/// <summary><c>GET /deploys</c>: newest first, or after a cursor.</summary>
internal sealed class DeployList([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time)
{
    public static QuerySpec Spec { get; } = new(
        [.. ListQuery.Parameters, ("start_date", "Deploys at or after this time."), ("end_date", "Deploys before this time.")],
        [
            new("id", "w.id", FieldType.Integer), new("service", "w.service", FieldType.Text), new("version", "w.version", FieldType.Text),
            new("time", "w.time", FieldType.Time), new("source", "w.source", FieldType.Text),
        ]);

    public async Task<Results<ApiResult<IEnumerable<DeployRow>, ListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = new FilterSql();
        filter.Add($"w.project_id = {query.Project}");
        var list = new ListQuery(query, Spec, filter, "w.time DESC, w.id DESC", "w.service || ' ' || w.version");
        ListQuery.Range(query, filter, "w.time");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (list.After is { } after)
        {
            var feed = new TableFeed<DeployRow>(
                token => EndAsync(query.Project, token), (_, count, token) => RowsAsync(filter, "w.id", count, 0, token), row => row.Id, time);
            return await Feed.PageAsync<DeployRow, ListMetadata>(feed, after, list.Limit, ct);
        }

        // Before the rows: a poller that goes on from the newest id seen here may see a row again but never miss one.
        var (newest, _) = await EndAsync(query.Project, ct);
        var rows = await RowsAsync(filter, list.OrderBy, list.Limit, list.Offset, ct);
        var count = await ListQuery.CountAsync(db, "FROM deploys w", filter, ct);
        return new ApiResult<IEnumerable<DeployRow>, ListMetadata>(rows, ListMetadata.Of(list, count, newest));
    }

    private async Task<List<DeployRow>> RowsAsync(FilterSql filter, string orderBy, int limit, long offset, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT w.id, w.service, w.version, w.time, w.source
              FROM deploys w
             WHERE {filter.Where}
             ORDER BY {orderBy}
             LIMIT {limit} OFFSET {offset}
            """);
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<DeployRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetDateTime(3), reader.GetString(4)));
        }

        return rows;
    }

    /// <summary>Of the project alone: another's deploys have a lock of their own, and become visible in an order of their own.</summary>
    private async Task<FeedEnd> EndAsync(int project, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            "SELECT (SELECT coalesce(max(id), 0) FROM deploys WHERE project_id = $1), (SELECT last_value FROM deploys_id_seq)");
        command.With(project);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt64(0), reader.GetInt64(1));
    }
}
