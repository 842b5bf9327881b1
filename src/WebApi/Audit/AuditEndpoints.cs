using System.Text;
using Bayou.Access;
using Bayou.Database;
using Bayou.Feeds;
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
    private const int Page = 1_000;

    private static readonly IReadOnlyList<(string Name, string Meaning)> Range =
        [("start_date", "What was done at or after this time."), ("end_date", "What was done before this time.")];

    private static readonly QuerySpec Spec = new([.. ListQuery.Parameters, .. Range],
        [
            new("id", "w.id", FieldType.Integer), new("time", "w.time", FieldType.Time), new("actor", "w.actor", FieldType.Text),
            new("actor_name", "w.actor_name", FieldType.Text), new("address", "w.address", FieldType.Text), new("action", "w.action", FieldType.Text),
            new("target", "w.target", FieldType.Text),
        ]);

    private static readonly QuerySpec ExportSpec = new([.. Export.Parameters, .. Range], Spec.Fields);

    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var audit = routes.MapGroup("/audit").Needs(Permission.Admin).WithTags("Audit");
        audit.MapGet("", ListAsync).IsRead().Describe("ListAudit", "Who did what, the newest first.", Spec);
        audit.MapGet("/export", ExportAsync).IsExport().Produces<string>(StatusCodes.Status200OK, "application/x-ndjson", "text/csv")
            .Describe("ExportAudit", "Who did what, all that the filters select, the newest first, as NDJSON or CSV.", ExportSpec);
    }

    private static async Task<Results<ApiResult<IEnumerable<AuditRow>, ListMetadata>, ApiProblem>> ListAsync(
        HttpContext http, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = Visible(http);
        var visible = filter.Copy();
        var list = new ListQuery(query, Spec, filter, "w.id DESC", "concat_ws(' ', w.actor_name, w.actor, w.action, w.target, w.before, w.after)");
        ListQuery.Range(query, filter, "w.time");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (list.After is { } after)
        {
            var feed = new TableFeed<AuditRow>(
                token => EndAsync(db, visible, token), (_, most, token) => RowsAsync(db, filter, "w.id", most, 0, token), row => row.Id, time);
            return await Feed.PageAsync<AuditRow, ListMetadata>(feed, after, list.Limit, ct);
        }

        var (newest, _) = await EndAsync(db, visible, ct);
        var rows = await RowsAsync(db, filter, list.OrderBy, list.Limit, list.Offset, ct);
        var count = await ListQuery.CountAsync(db, "FROM audit w", filter, ct);
        return new ApiResult<IEnumerable<AuditRow>, ListMetadata>(rows, ListMetadata.Of(list, count, newest));
    }

    /// <summary>Ids are given one by one under a lock: the last that can be seen is the last there is.</summary>
    private static async Task<FeedEnd> EndAsync(NpgsqlDataSource db, FilterSql visible, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            $"SELECT coalesce((SELECT w.id FROM audit w WHERE {visible.Where} ORDER BY w.id DESC LIMIT 1), 0), coalesce((SELECT max(id) FROM audit), 0)");
        visible.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt64(0), reader.GetInt64(1));
    }

    private static async Task<IResult> ExportAsync(
        HttpContext http, Callers callers, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, CancellationToken ct)
    {
        var query = new QueryReader(http, ExportSpec);
        var filter = Visible(http);
        query.Filters(filter);
        ListQuery.Range(query, filter, "w.time");
        var export = new Export(http, Export.IsCsv(query), callers, Permission.Admin);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        await export.BeginAsync("audit", ["id", "time", "actor", "actor_name", "address", "action", "target", "before", "after"], ct);
        for (var next = long.MaxValue; ;)
        {
            var page = filter.Copy();
            page.Add($"w.id < {next}");
            var rows = await RowsAsync(db, page, "w.id DESC", Page, 0, ct);
            foreach (var row in rows)
            {
                await export.AddAsync(row, FieldsOf, ct);
            }

            if (rows.Count < Page)
            {
                return Results.Empty;
            }

            next = rows[^1].Id;
        }
    }

    /// <summary>
    /// What was done in the project, and what its people did since they are, which is of none, such as signing in; an owner sees all that is of none.
    /// </summary>
    private static FilterSql Visible(HttpContext http)
    {
        var filter = new FilterSql();
        var project = http.Project();
        filter.Add(http.Caller()!.IsOwner ? $"(w.project_id = {project} OR w.project_id IS NULL)"
            : (FormattableString)$"""
                (w.project_id = {project}
                 OR w.project_id IS NULL AND EXISTS (
                    SELECT FROM members m WHERE m.project_id = {project} AND w.target = 'person:' || m.user_id AND w.time >= m.since))
                """);
        return filter;
    }

    private static async Task<List<AuditRow>> RowsAsync(
        NpgsqlDataSource db, FilterSql filter, string orderBy, int limit, long offset, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT w.id, w.time, w.actor, w.actor_name, w.address, w.action, w.target, w.before::text, w.after::text FROM audit w
             WHERE {filter.Where} ORDER BY {orderBy} LIMIT {limit} OFFSET {offset}
            """);
        filter.Bind(command.Parameters);
        var rows = new List<AuditRow>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(
                reader.GetInt64(0), reader.GetDateTime(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5),
                reader.GetString(6), await WrittenAsync(reader, 7, ct), await WrittenAsync(reader, 8, ct)));
        }

        return rows;
    }

    private static string[] FieldsOf(AuditRow row) =>
        [$"{row.Id}", Times.Format(row.Time), row.Actor, row.ActorName, row.Address, row.Action, row.Target, TextOf(row.Before), TextOf(row.After)];

    private static string TextOf(WrittenJson? json) => json is { } written ? Encoding.UTF8.GetString(written.Utf8.Span) : "";

    private static async Task<WrittenJson?> WrittenAsync(NpgsqlDataReader reader, int column, CancellationToken ct) =>
        await reader.IsDBNullAsync(column, ct) ? null : new WrittenJson(Encoding.UTF8.GetBytes(reader.GetString(column)));
}
