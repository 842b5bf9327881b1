using System.Text;
using Bayou.Database;
using Bayou.Http;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>One row of <c>GET /worker/jobs</c>.</summary>
/// <param name="Priority">0 goes first.</param>
/// <param name="RunAt">From when it may run; after a failed attempt, when it is tried again.</param>
/// <param name="FinishedAt">Null while it has not ended.</param>
/// <param name="Error">Of the last attempt that failed.</param>
/// <param name="ErrorPattern">The same without what varies.</param>
/// <param name="Progress">0 to 1, where it says so.</param>
/// <param name="BatchId">The first job's of those that it came with.</param>
/// <param name="CreatedBy">As the audit log names who did something; a schedule is <c>schedule:4</c>.</param>
/// <param name="WaitsFor">Jobs that must end before.</param>
/// <param name="Node">Where it runs, or ran last.</param>
internal sealed record JobRow(
    long Id, string Type, string Queue, int Priority, string Status, WrittenJson Payload, int Attempts, int MaxAttempts, DateTime RunAt, DateTime? StartedAt,
    DateTime? FinishedAt, string? Error, string? ErrorPattern, double? Progress, string? ProgressNote, string? TraceId, int? ScheduleId, long? BatchId,
    string? UniqueKey, int WaitsFor, string? Node, string CreatedBy, DateTime CreatedAt)
{
    /// <summary>Of a row <c>w</c> of <see cref="JobSource"/>.</summary>
    public const string Columns = """
        w.id, w.type, w.queue, w.priority, w.status, w.payload::text, w.attempts, w.max_attempts, w.run_at, w.started_at, w.finished_at, w.error,
        w.error_pattern, w.progress, w.progress_note, w.trace_id, w.schedule_id, w.batch_id, w.unique_key, w.pending,
        (SELECT node FROM job_workers k WHERE k.id = w.worker), w.created_by, w.created_at
        """;

    public static async Task<JobRow> ReadAsync(NpgsqlDataReader row, CancellationToken ct) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt16(3), row.GetString(4), Json(row.GetString(5)), row.GetInt32(6), row.GetInt32(7),
        row.GetDateTime(8), await row.OrNullAsync<DateTime>(9, ct), await row.OrNullAsync<DateTime>(10, ct), await row.TextOrNullAsync(11, ct),
        await row.TextOrNullAsync(12, ct), Rounded(await row.OrNullAsync<float>(13, ct)), await row.TextOrNullAsync(14, ct), await row.TextOrNullAsync(15, ct),
        await row.OrNullAsync<int>(16, ct), await row.OrNullAsync<long>(17, ct), await row.TextOrNullAsync(18, ct), row.GetInt32(19),
        await row.TextOrNullAsync(20, ct), row.GetString(21), row.GetDateTime(22));

    public static WrittenJson Json(string text) => new(Encoding.UTF8.GetBytes(text));

    private static double? Rounded(float? value) => value is { } given ? Math.Round(given, 4) : null;
}

/// <summary>The tables that have jobs of some statuses, as one.</summary>
internal static class JobSource
{
    /// <summary>SQL for after FROM: jobs <c>w</c>, those that have ended, those that have not, or both.</summary>
    /// <param name="statuses">Null for all.</param>
    public static string Of(IReadOnlyCollection<string>? statuses)
    {
        var open = statuses is null || statuses.Any(status => !JobStatus.HasEnded(status)) ? $"""
            SELECT {JobHistory.Columns}, error, error_pattern, tries, {JobStatus.Sql} AS status, NULL::timestamptz AS finished_at, NULL::jsonb AS result
              FROM jobs w{(statuses?.All(status => status == JobStatus.Running) == true ? $" WHERE w.state = {JobState.Running}" : "")}
            """ : null;
        var ended = statuses is null || statuses.Any(JobStatus.HasEnded)
            ? $"SELECT {JobHistory.Columns}, error, error_pattern, tries, status, finished_at, result FROM job_history" : null;
        return $"({string.Join(" UNION ALL ", new[] { open, ended }.Where(part => part is not null))}) w";
    }
}
