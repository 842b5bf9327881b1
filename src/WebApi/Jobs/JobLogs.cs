using System.Globalization;
using Bayou.Http;
using Bayou.Logs;
using Bayou.Projects;
using Bayou.Segments;
using Bayou.Self;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Jobs;

/// <summary><c>GET /worker/jobs/{id}/logs</c>: what was logged while a job ran. Bayou's own lines are in the first project, whosever job it is.</summary>
internal static class JobLogs
{
    // A line may come a little late, and clocks differ a little.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    public static QuerySpec Spec { get; } = new([("limit", "Most lines, 1 to 1000; 200 unless told."), ("id__gt", "Only lines after this id.")], []);

    public static async Task<Results<ApiResult<IEnumerable<LogRow>>, ApiProblem>> GetAsync(
        HttpContext http, long id, JobDetail detail, IServiceScopeFactory scopes, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var limit = (int)(query.Integer("limit", 1, ListQuery.MaxLimit) ?? 200);
        var after = query.Integer("id__gt", 0, long.MaxValue) ?? 0;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (await detail.FindAsync(JobScope.All(http), id, ct) is not { Job: var job })
        {
            return ApiProblem.NotFound("job");
        }

        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentProject>().Id = Project.Default;
        var sql = new FilterSql();
        sql.Add($"(meta ->> {"job_id"}) = {id.ToString(CultureInfo.InvariantCulture)}");
        sql.Add($"service = {SelfMonitoring.Service} AND (meta ->> {"job_type"}) = {job.Type}"); // Of that project others' lines are no business of theirs.
        sql.Bound($"id > {after}");
        var selection = new LogSelection(sql, job.CreatedAt - Slack, (job.FinishedAt ?? DateTime.UtcNow) + Slack, "keyword");
        var segments = await scope.ServiceProvider.GetRequiredService<SegmentCatalogue<LogSegments>>().ReadAsync(ct);
        return new ApiResult<IEnumerable<LogRow>>(await scope.ServiceProvider.GetRequiredService<LogLines>()
            .FirstAsync(selection.Of(segments), selection.InRange(), SegmentOrder.Oldest, limit, ct));
    }
}
