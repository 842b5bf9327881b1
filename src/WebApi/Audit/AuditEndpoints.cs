using Bayou.Access;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Audit;

/// <summary>A row of <c>GET /audit</c>.</summary>
/// <param name="Actor">Who: a person, a key, the token, anybody (<c>open</c>), or Bayou itself (<c>system</c>).</param>
/// <param name="Address">From where.</param>
/// <param name="Target">On what.</param>
/// <param name="Before">What it was.</param>
/// <param name="After">What it has become.</param>
internal sealed record AuditRow(
    long Id, DateTime Time, string Actor, string ActorName, string Address, string Action, string Target, WrittenJson? Before, WrittenJson? After);

internal static class AuditEndpoints
{
    private static readonly QuerySpec Spec = new(
        [.. ListQuery.Parameters, ("start_date", "What was done at or after this time."), ("end_date", "What was done before this time.")],
        [
            new("id", "w.id", FieldType.Integer), new("time", "w.time", FieldType.Time), new("actor", "w.actor", FieldType.Text),
            new("actor_name", "w.actor_name", FieldType.Text), new("address", "w.address", FieldType.Text), new("action", "w.action", FieldType.Text),
            new("target", "w.target", FieldType.Text),
        ]);

    public static void MapAudit(this IEndpointRouteBuilder routes) => routes.MapGet("/audit", ListAsync).IsRead().Needs(Permission.Admin).WithTags("Audit")
        .Describe("ListAudit", "Who did what, the newest first.", Spec);

    private static async Task<Results<ApiResult<IEnumerable<AuditRow>, ListMetadata>, ApiProblem>> ListAsync(
        HttpContext http, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = new FilterSql();
        filter.Add($"(w.project_id = {Project.Default} OR w.project_id IS NULL)");
        var list = new ListQuery(query, Spec, filter, "w.id DESC", "w.actor_name || ' ' || w.action || ' ' || w.target");
        ListQuery.Range(query, filter, "w.time");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        await using var command = db.CreateCommand($"""
            SELECT w.id, w.time, w.actor, w.actor_name, w.address, w.action, w.target, w.before::text, w.after::text FROM audit w
             WHERE {filter.Where} ORDER BY {list.OrderBy} LIMIT {list.Limit} OFFSET {list.Offset}
            """);
        filter.Bind(command.Parameters);
        var rows = new List<AuditRow>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                rows.Add(new(
                    reader.GetInt64(0), reader.GetDateTime(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5),
                    reader.GetString(6), await WrittenAsync(reader, 7, ct), await WrittenAsync(reader, 8, ct)));
            }
        }

        // Ids are drawn under a lock, so they can be seen in order.
        var last = rows.Count > 0 ? rows.Max(row => row.Id) : list.After ?? 0;
        var count = await ListQuery.CountAsync(db, "FROM audit w", filter, ct);
        return new ApiResult<IEnumerable<AuditRow>, ListMetadata>(rows, ListMetadata.Of(list, count, last));
    }

    private static async Task<WrittenJson?> WrittenAsync(NpgsqlDataReader reader, int column, CancellationToken ct) =>
        await reader.IsDBNullAsync(column, ct) ? null : new WrittenJson(System.Text.Encoding.UTF8.GetBytes(reader.GetString(column)));
}
