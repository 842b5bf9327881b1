using Bayou.Access;
using Bayou.Database;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Schedules;

/// <summary>The next runs of what is not saved yet.</summary>
internal sealed record SchedulePreview(IReadOnlyList<string> NextRuns);

internal static class ScheduleEndpoints
{
    private const int Shown = 5;

    private static readonly QuerySpec Spec = new(
        [.. ListQuery.Parameters, JobScope.Parameter],
        [
            new("id", "w.id", FieldType.Integer), new("name", "w.name", FieldType.Text), new("type", "w.type", FieldType.Text),
            new("last_run", "w.last_run", FieldType.Time), new("next_run", "w.next_run", FieldType.Time), new("created_at", "w.created_at", FieldType.Time),
        ]);

    private static readonly QuerySpec ScopeSpec = new([JobScope.Parameter], []);

    public static IServiceCollection AddScheduleQueries(this IServiceCollection services) => services.AddSingleton<ScheduleStore>();

    public static void MapSchedules(this IEndpointRouteBuilder routes)
    {
        var schedules = routes.MapGroup("/worker/schedules").WithTags("Worker");
        schedules.MapGet("", ListAsync).Needs(Permission.Read).IsRead().Describe("ListSchedules", "Schedules, newest first.", Spec);
        schedules.MapPost("", MakeAsync).Needs(Permission.Write).WithMetadata(new BodySpec(RequestBody.Types, "What runs, and when.", typeof(ScheduleBody)))
            .Describe("MakeSchedule", "Makes a schedule.", ScopeSpec);
        schedules.MapPost("/preview", PreviewAsync).Needs(Permission.Read).WithName("PreviewSchedule")
            .WithSummary("The next five runs of a schedule that is not saved yet.")
            .WithMetadata(new BodySpec(RequestBody.Types, "When it runs; whatever else is in it is left aside.", typeof(ScheduleBody)));
        schedules.MapGet("/{id:int}", GetAsync).Needs(Permission.Read).WithName("GetSchedule").WithSummary("One schedule.");
        schedules.MapPatch("/{id:int}", ChangeAsync).Needs(Permission.Write).WithName("ChangeSchedule")
            .WithSummary("Changes what is given of a schedule, and leaves the rest.")
            .WithMetadata(new BodySpec(RequestBody.Types, "What changes.", typeof(ScheduleBody)));
        schedules.MapDelete("/{id:int}", DeleteAsync).Needs(Permission.Write).WithName("DeleteSchedule")
            .WithSummary("Deletes a schedule. Jobs that came of it go on.");
        schedules.MapPost("/{id:int}/run", RunAsync).Needs(Permission.Write).WithName("RunSchedule").WithSummary("Runs a schedule's job now.");
    }

    private static async Task<Results<ApiResult<IEnumerable<ScheduleRow>, ListMetadata>, ApiProblem>> ListAsync(
        HttpContext http, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = new FilterSql();
        filter.Add($"w.project_id = {JobScope.Of(http, query)}");
        var list = new ListQuery(query, Spec, filter, "w.id DESC", "concat_ws(' ', w.name, w.type, w.cron)");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var newest = await EndAsync(db, ct);
        if (list.After is { } after)
        {
            var feed = new TableFeed<ScheduleRow>(_ => Task.FromResult(newest), (_, most, token) => RowsAsync(db, filter, "w.id", most, 0, token),
                row => row.Id, time);
            return await Feed.PageAsync<ScheduleRow, ListMetadata>(feed, after, list.Limit, ct);
        }

        var rows = await RowsAsync(db, filter, list.OrderBy, list.Limit, list.Offset, ct);
        var count = await ListQuery.CountAsync(db, "FROM schedules w", filter, ct);
        return new ApiResult<IEnumerable<ScheduleRow>, ListMetadata>(rows, ListMetadata.Of(list, count, newest.Visible));
    }

    private static async Task<FeedEnd> EndAsync(NpgsqlDataSource db, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT coalesce((SELECT max(id) FROM schedules), 0), (SELECT last_value FROM schedules_id_seq)");
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt32(0), reader.GetInt64(1));
    }

    private static async Task<List<ScheduleRow>> RowsAsync(
        NpgsqlDataSource db, FilterSql filter, string orderBy, int limit, long offset, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            $"SELECT {ScheduleRow.Columns} {ScheduleRow.From} WHERE {filter.Where} ORDER BY {orderBy} LIMIT {limit} OFFSET {offset}");
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<ScheduleRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(await ScheduleRow.ReadAsync(reader, ct));
        }

        return rows;
    }

    private static async Task<Results<CreatedResult<ScheduleRow>, ApiProblem>> MakeAsync(
        HttpContext http, RequestBody bodies, ScheduleStore store, CancellationToken ct)
    {
        var query = new QueryReader(http, ScopeSpec);
        var project = JobScope.Of(http, query);
        var (body, problem) = query.Problem is { } wrong ? (null, wrong) : await JsonBody.ReadAsync<ScheduleBody>(http, bodies, ct);
        if (body is null)
        {
            return problem!;
        }

        var (made, refused) = await store.MakeAsync(http, project, body, ct);
        return made is null ? refused! : new CreatedResult<ScheduleRow>(made);
    }

    private static async Task<Results<ApiResult<SchedulePreview>, ApiProblem>> PreviewAsync(
        HttpContext http, RequestBody bodies, TimeProvider time, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<ScheduleBody>(http, bodies, ct);
        if (body is null)
        {
            return problem!;
        }

        var now = time.GetUtcNow().UtcDateTime;
        var (rule, wrong) = ScheduleRule.Of(body.Cron, body.EverySeconds, body.OnceAt?.UtcDateTime, body.TimeZone ?? "UTC", now);
        return rule is null ? ApiProblem.Of(new FieldError(wrong!.Value.Field, wrong.Value.Message))!
            : new ApiResult<SchedulePreview>(new([.. rule.Next(now, Shown).Select(run => Times.Format(run))]));
    }

    private static async Task<Results<ApiResult<ScheduleRow>, ApiProblem>> GetAsync(HttpContext http, int id, NpgsqlDataSource db, CancellationToken ct) =>
        await FindAsync(http, id, db, ct) is { } schedule ? new ApiResult<ScheduleRow>(schedule) : ApiProblem.NotFound("schedule");

    private static async Task<Results<ApiResult<ScheduleRow>, ApiProblem>> ChangeAsync(
        HttpContext http, int id, RequestBody bodies, ScheduleStore store, NpgsqlDataSource db, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<ScheduleBody>(http, bodies, ct);
        if (body is null)
        {
            return problem!;
        }

        if (await FindAsync(http, id, db, ct) is not { } before)
        {
            return ApiProblem.NotFound("schedule");
        }

        var (changed, refused) = await store.ChangeAsync(http, before, body, ct);
        return changed is null ? refused! : new ApiResult<ScheduleRow>(changed);
    }

    private static async Task<Results<NoContent, ApiProblem>> DeleteAsync(
        HttpContext http, int id, ScheduleStore store, NpgsqlDataSource db, CancellationToken ct)
    {
        if (await FindAsync(http, id, db, ct) is not { } before)
        {
            return ApiProblem.NotFound("schedule");
        }

        if (before.CreatedBy == ScheduleRow.BuiltIn)
        {
            return new ApiProblem(StatusCodes.Status409Conflict, "CONFLICT", "Bayou needs this schedule; it can be turned off.");
        }

        await store.DeleteAsync(http, before, ct);
        return TypedResults.NoContent();
    }

    private static async Task<Results<AcceptedResult<EnqueuedJob>, ApiProblem>> RunAsync(
        HttpContext http, int id, ScheduleRuns runs, NpgsqlDataSource db, CancellationToken ct) =>
        await FindAsync(http, id, db, ct) is { } schedule
        && await runs.RunNowAsync(schedule.IsSystem ? JobScope.System : http.Caller()!.Project!.Value, id, http.Caller()!.Actor, ct) is { } job
            ? new AcceptedResult<EnqueuedJob>(job) : ApiProblem.NotFound("schedule");

    private static async Task<ScheduleRow?> FindAsync(HttpContext http, int id, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        return await ScheduleStore.FindAsync(connection, JobScope.All(http), id, ct);
    }
}
