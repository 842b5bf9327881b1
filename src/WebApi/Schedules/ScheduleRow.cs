using System.Text;
using Bayou.Database;
using Bayou.Http;
using Npgsql;

namespace Bayou.Schedules;

/// <summary>One row of <c>GET /worker/schedules</c>.</summary>
/// <param name="IsSystem">Bayou's own: owners alone see and change it.</param>
/// <param name="LastRun">The occurrence that was enqueued last.</param>
/// <param name="LastStatus">Of the job that came of it; null where it is no longer kept.</param>
/// <param name="LastSkipped">The last occurrence that was not, as it was missed, or as the run before had not ended.</param>
/// <param name="NextRun">Null when there is none, or it is not enabled.</param>
internal sealed record ScheduleRow(
    int Id, string Name, string Type, WrittenJson Payload, string? Queue, int? Priority, string? Cron, int? EverySeconds, DateTime? OnceAt, string TimeZone,
    bool Enabled, int JitterMs, string Missed, bool Overlap, bool IsSystem, DateTime? LastRun, long? LastJobId, string? LastStatus, string? LastError,
    DateTime? LastSkipped, DateTime? NextRun, string CreatedBy, DateTime CreatedAt, DateTime UpdatedAt)
{
    /// <summary>Who made those that are there from the start.</summary>
    public const string BuiltIn = "system";

    public static string Columns { get; } = $"""
        w.id, w.name, w.type, w.payload::text, w.queue, w.priority, w.cron, w.every_seconds, w.once_at, w.time_zone, w.enabled, w.jitter_ms, w.missed,
        w.overlap, w.project_id = 0, w.last_run, w.last_job_id, last.status, last.error, w.last_skipped, w.next_run, w.created_by, w.created_at, w.updated_at
        """;

    public const string From = """
        FROM schedules w LEFT JOIN LATERAL (
            SELECT CASE state WHEN 1 THEN 'running' ELSE CASE WHEN error IS NULL THEN 'queued' ELSE 'failed' END END AS status, error FROM jobs j
             WHERE j.project_id = w.project_id AND j.id = w.last_job_id
            UNION ALL SELECT status, error FROM job_history h WHERE h.project_id = w.project_id AND h.id = w.last_job_id LIMIT 1) last ON true
        """;

    public static async Task<ScheduleRow> ReadAsync(NpgsqlDataReader row, CancellationToken ct) => new(
        row.GetInt32(0), row.GetString(1), row.GetString(2), new(Encoding.UTF8.GetBytes(row.GetString(3))), await row.TextOrNullAsync(4, ct),
        await row.OrNullAsync<short>(5, ct), await row.TextOrNullAsync(6, ct), await row.OrNullAsync<int>(7, ct), await row.OrNullAsync<DateTime>(8, ct),
        row.GetString(9), row.GetBoolean(10), row.GetInt32(11), row.GetString(12), row.GetBoolean(13), row.GetBoolean(14),
        await row.OrNullAsync<DateTime>(15, ct), await row.OrNullAsync<long>(16, ct), await row.TextOrNullAsync(17, ct), await row.TextOrNullAsync(18, ct),
        await row.OrNullAsync<DateTime>(19, ct), await row.OrNullAsync<DateTime>(20, ct), row.GetString(21), row.GetDateTime(22), row.GetDateTime(23));
}
