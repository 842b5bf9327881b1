using System.Text;
using Bayou.Access;
using Bayou.Database;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>A type of jobs.</summary>
/// <param name="Schema">Of its payload, in JSON Schema.</param>
/// <param name="IsSystem">Bayou's own: owners alone ask for it.</param>
internal sealed record JobTypeRow(
    string Name, string Summary, string Queue, int Priority, int MaxAttempts, double TimeLimitSeconds, bool IsSystem, WrittenJson Schema);

/// <summary>What was done with the jobs that a request selects.</summary>
/// <param name="Changed">How many.</param>
/// <param name="HasMore">There may be more: ask again.</param>
internal sealed record JobsChanged(int Changed, bool HasMore);

internal static class JobEndpoints
{
    private const int MostChanged = 10_000;

    public static IServiceCollection AddJobQueries(this IServiceCollection services) => services
        .AddSingleton<JobList>().AddSingleton<JobDetail>().AddSingleton<JobChanges>().AddSingleton<JobEnqueue>().AddSingleton<JobRoom>()
        .AddSingleton<WorkerStats>();

    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        var worker = routes.MapGroup("/worker").WithTags("Worker");
        worker.MapGet("/jobs", (HttpContext http, JobList list, CancellationToken ct) => list.GetAsync(http, ct)).Needs(Permission.Read).IsRead().IsExpensive()
            .Describe("ListJobs", "Jobs, newest first.", JobList.Spec);
        worker.MapPost("/jobs", (HttpContext http, JobEnqueue jobs, CancellationToken ct) => jobs.PostAsync(http, ct)).Needs(Permission.Write)
            .WithName("EnqueueJobs").WithSummary("Takes jobs to be run: one, a list, or a list and one that runs when all are done.")
            .WithDescription("""
                The body is one job; an array of up to 1,000; or { "jobs": [ … ], "then": { … } }, whose last job runs when all others have ended, however
                they did unless it says otherwise. All of them are taken or none. With an Idempotency-Key a repeat within 24 h changes nothing.
                """)
            .WithMetadata(new BodySpec(["application/json"], "A job, an array of these, or { jobs: [...], then: {...} }.", typeof(JobBody)));
        worker.MapGet("/jobs/facets", (HttpContext http, JobList list, CancellationToken ct) => list.FacetsAsync(http, ct)).Needs(Permission.Read).IsRead()
            .IsExpensive().Describe("JobFacets", "How many jobs there are of each type, status and queue.", JobList.SelectionSpec);
        worker.MapGet("/jobs/{id:long}", FindAsync).Needs(Permission.Read).WithName("GetJob").WithSummary("One job, with its attempts and its result.");
        worker.MapGet("/jobs/{id:long}/logs", JobLogs.GetAsync).Needs(Permission.Read).IsRead().IsExpensive()
            .Describe("JobLogs", "What was logged while a job ran, the first line first.", JobLogs.Spec);
        worker.MapGet("/types", Types).Needs(Permission.Read).WithName("ListJobTypes").WithSummary("The types of jobs, and what each must be told.");
        worker.MapGet("/stats", (HttpContext http, WorkerStats stats, CancellationToken ct) => stats.GetAsync(http, ct)).Needs(Permission.Read).IsRead()
            .Describe("WorkerStats", "Queues, workers, and what was done in the last hour.", WorkerStats.Spec);
        Change("retry", "Retry", "Tries again what is dead or was cancelled, and at once what waits for its next attempt",
            [JobStatus.Dead, JobStatus.Cancelled, JobStatus.Failed], (changes, projects, ids, ct) => changes.RetryAsync(projects, ids, ct));
        Change("cancel", "Cancel", "Cancels what waits, and tells what runs to stop",
            [JobStatus.Queued, JobStatus.Scheduled, JobStatus.Running, JobStatus.Failed],
            (changes, projects, ids, ct) => changes.CancelAsync(projects, ids, ct));
        Change("run", "Run", "Runs now what waits for its time", [JobStatus.Scheduled, JobStatus.Failed],
            (changes, projects, ids, ct) => changes.RunNowAsync(projects, ids, ct));

        void Change(string verb, string name, string summary, string[] among, Func<JobChanges, int[], long[], CancellationToken, Task<int>> change)
        {
            worker.MapPost($"/jobs/{{id:long}}/{verb}", (HttpContext http, long id, JobDetail detail, JobChanges changes, CancellationToken ct) =>
                OneAsync(http, id, detail, (projects, ids) => change(changes, projects, ids, ct), ct)).Needs(Permission.Write).WithName($"{name}Job")
                .WithSummary($"{summary}: one job.");
            worker.MapPost($"/jobs/{verb}", (
                HttpContext http, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, JobChanges changes, CancellationToken ct) =>
                    AllAsync(http, db, among, (projects, ids) => change(changes, projects, ids, ct), ct)).Needs(Permission.Write)
                .Describe($"{name}Jobs", $"{summary}: all that the filters select, up to {MostChanged} at once.", JobList.SelectionSpec);
        }
    }

    private static async Task<Results<ApiResult<JobAnswer>, ApiProblem>> FindAsync(HttpContext http, long id, JobDetail detail, CancellationToken ct) =>
        await detail.FindAsync(JobScope.All(http), id, ct) is { } job ? new ApiResult<JobAnswer>(job) : ApiProblem.NotFound("job");

    private static async Task<Results<ApiResult<JobAnswer>, ApiProblem>> OneAsync(
        HttpContext http, long id, JobDetail detail, Func<int[], long[], Task<int>> change, CancellationToken ct)
    {
        var changed = await change(JobScope.All(http), [id]);
        return await detail.FindAsync(JobScope.All(http), id, ct) is not { } job ? ApiProblem.NotFound("job")
            : changed == 0 ? new ApiProblem(StatusCodes.Status409Conflict, "CONFLICT", $"This job is {job.Job.Status}{Why(job.Job)}.")
            : new ApiResult<JobAnswer>(job);
    }

    private static string Why(JobRow job) => job.Status == JobStatus.Scheduled && job.WaitsFor > 0 ? ", and waits for other jobs"
        : job.Status is JobStatus.Dead or JobStatus.Cancelled && job.UniqueKey is not null ? ", and another job may have its key" : "";

    private static async Task<Results<ApiResult<JobsChanged>, ApiProblem>> AllAsync(
        HttpContext http, NpgsqlDataSource db, string[] among, Func<int[], long[], Task<int>> change, CancellationToken ct)
    {
        var (filter, source, problem) = JobList.Selection(http, among);
        if (problem is not null)
        {
            return problem;
        }

        if (await SelectedAsync(db, source, filter, ct) is not var (project, ids))
        {
            return new ApiResult<JobsChanged>(new(0, false));
        }

        return new ApiResult<JobsChanged>(new(await change([project], ids), ids.Length == MostChanged));
    }

    private static async Task<(int Project, long[] Ids)?> SelectedAsync(NpgsqlDataSource db, string source, FilterSql filter, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            $"SELECT w.project_id, array_agg(w.id) FROM (SELECT w.project_id, w.id FROM {source} WHERE {filter.Where} LIMIT {MostChanged}) w GROUP BY 1");
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetInt32(0), reader.GetFieldValue<long[]>(1)) : null;
    }

    private static ApiResult<IEnumerable<JobTypeRow>> Types(HttpContext http, JobTypes types) => new(
        from handler in types.All
        let type = handler.Type
        where !type.IsSystem || http.Caller()!.IsOwner
        select new JobTypeRow(
            type.Name, type.Summary, type.Queue, type.Priority, type.MaxAttempts, type.TimeLimit.TotalSeconds, type.IsSystem,
            new(Encoding.UTF8.GetBytes(handler.Schema.ToJsonString()))));
}
