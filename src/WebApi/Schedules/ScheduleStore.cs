using System.Globalization;
using System.Text;
using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Jobs;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Runtime;

namespace Bayou.Schedules;

/// <summary>Makes, changes and deletes schedules, and tells their scheduler.</summary>
internal sealed partial class ScheduleStore(
    NpgsqlDataSource db, JobTypes types, IGrainFactory grains, TimeProvider time, IOptions<JobsOptions> options, ILogger<ScheduleStore> logger)
{
    private const int Most = 500; // of a project

    // A scheduler whose silo is ending may never answer; it looks by itself before long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>One change at a time: schedules become visible in the order of their ids.</summary>
    private static readonly AdvisoryLock Feed = new("schedules");

    public async Task<(ScheduleRow? Row, ApiProblem? Problem)> MakeAsync(HttpContext http, int project, ScheduleBody body, CancellationToken ct)
    {
        if (ApiProblem.Of(
            body.Name is null ? new("name", "must be given") : null, body.Type is null ? new("type", "must be given") : null) is { } missing)
        {
            return (null, missing);
        }

        var (now, payload) = (time.GetUtcNow().UtcDateTime, body.Payload?.GetRawText() ?? "{}");
        var (rule, wrong) = ScheduleRule.Of(body.Cron, body.EverySeconds, body.OnceAt?.UtcDateTime, body.TimeZone ?? "UTC", now);
        var next = rule?.After(now);
        if (ApiProblem.Of(
            body.Check(types, options.Value, body.Type!, project == 0) ?? Fit(body.Type!, payload),
            wrong is var (field, message) ? new(field, message) : next is null ? new("once_at", "must be in the future") : null) is { } unfit)
        {
            return (null, unfit);
        }

        return await ChangeAsync(http, project, async connection =>
        {
            await using var command = new NpgsqlCommand($"""
                INSERT INTO schedules (project_id, name, type, payload, queue, priority, cron, every_seconds, once_at, time_zone, enabled, jitter_ms, missed,
                    overlap, created_by, next_run, created_at)
                SELECT $1, $2, $3, $4::jsonb, $5, $6::smallint, $7, $8::int, $9::timestamptz, $10, $11, $12, $13, $14, $15, $16::timestamptz, $17
                 WHERE (SELECT count(*) FROM schedules WHERE project_id = $1) < {Most}
                RETURNING id
                """, connection);
            command.With(
                project, body.Name!.Trim(), body.Type!, payload, body.Queue, body.Priority, body.Cron, body.EverySeconds, body.OnceAt?.UtcDateTime,
                body.TimeZone ?? "UTC", body.Enabled ?? true, body.JitterMs ?? 0, body.Missed ?? MissedRuns.RunOnce, body.Overlap ?? false,
                http.Caller()!.Actor, next, now);
            return await command.ExecuteScalarAsync(ct) is int id ? (id, "schedule.create", null, null)
                : (0, "", null, new(StatusCodes.Status409Conflict, "CONFLICT", $"There are {Most} schedules already; delete some."));
        }, ct);
    }

    public Task<(ScheduleRow? Row, ApiProblem? Problem)> ChangeAsync(HttpContext http, ScheduleRow before, ScheduleBody body, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (cron, every, once) = body.Cron is null && body.EverySeconds is null && body.OnceAt is null
            ? (before.Cron, before.EverySeconds, before.OnceAt) : (body.Cron, body.EverySeconds, body.OnceAt?.UtcDateTime);
        var (rule, wrong) = ScheduleRule.Of(cron, every, once, body.TimeZone ?? before.TimeZone, before.CreatedAt);
        var enabled = body.Enabled ?? before.Enabled;
        var next = body.HasTimes || !before.Enabled ? rule?.After(now) : before.NextRun; // While it was not enabled it missed nothing.
        if (ApiProblem.Of(
            body.Check(types, options.Value, body.Type ?? before.Type, before.IsSystem),
            body.Payload is null ? Fit(body.Type ?? before.Type, Encoding.UTF8.GetString(before.Payload.Utf8.Span)) : null,
            wrong is var (timeField, timeMessage) ? new(timeField, timeMessage)
                : enabled && next is null && (body.HasTimes || !before.Enabled) ? new("once_at", "must be in the future") : null) is { } unfit)
        {
            return Task.FromResult<(ScheduleRow?, ApiProblem?)>((null, unfit));
        }

        return ChangeAsync(http, before.IsSystem ? 0 : http.Caller()!.Project!.Value, async connection =>
        {
            await using var command = new NpgsqlCommand("""
                UPDATE schedules SET name = coalesce($2, name), type = coalesce($3, type), payload = coalesce($4::jsonb, payload), queue = coalesce($5, queue),
                       priority = coalesce($6::smallint, priority), cron = $7, every_seconds = $8::int, once_at = $9::timestamptz,
                       time_zone = coalesce($10, time_zone), enabled = $11, jitter_ms = coalesce($12::int, jitter_ms), missed = coalesce($13, missed),
                       overlap = coalesce($14::boolean, overlap), next_run = CASE WHEN $15 THEN $16::timestamptz ELSE next_run END, updated_at = now()
                 WHERE id = $1
                """, connection);
            command.With(
                before.Id, body.Name?.Trim(), body.Type, body.Payload?.GetRawText(), body.Queue, body.Priority, cron, every, once, body.TimeZone, enabled,
                body.JitterMs, body.Missed, body.Overlap, body.HasTimes || !before.Enabled, next);
            await command.ExecuteNonQueryAsync(ct);
            return (before.Id, "schedule.change", Told(before), null);
        }, ct);
    }

    public async Task DeleteAsync(HttpContext http, ScheduleRow before, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = new NpgsqlCommand("DELETE FROM schedules WHERE id = $1", connection);
        command.With<int>(before.Id);
        await command.ExecuteNonQueryAsync(ct);
        await AuditLog.AddAsync(connection, http, new("schedule.delete", Target(before.Id), ProjectOf(http, before.IsSystem), Told(before)), ct);
        await transaction.CommitAsync(ct);
    }

    /// <returns>Null where there is none of this id in these projects.</returns>
    public static async Task<ScheduleRow?> FindAsync(NpgsqlConnection connection, int[] projects, int id, CancellationToken ct)
    {
        await using var command =
            new NpgsqlCommand($"SELECT {ScheduleRow.Columns} {ScheduleRow.From} WHERE w.project_id = ANY ($1) AND w.id = $2", connection);
        command.With(projects, id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? await ScheduleRow.ReadAsync(reader, ct) : null;
    }

    private async Task<(ScheduleRow? Row, ApiProblem? Problem)> ChangeAsync(
        HttpContext http, int project, Func<NpgsqlConnection, Task<(int Id, string Deed, object? Before, ApiProblem? Problem)>> work, CancellationToken ct)
    {
        ScheduleRow row;
        try
        {
            await using var connection = await db.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await Feed.AcquireAsync(connection, ct);
            var (id, deed, before, problem) = await work(connection);
            if (problem is not null)
            {
                return (null, problem);
            }

            row = (await FindAsync(connection, [project], id, ct))!;
            await AuditLog.AddAsync(connection, http, new(deed, Target(id), ProjectOf(http, project == 0), before, Told(row)), ct);
            await transaction.CommitAsync(ct);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "schedules_name" })
        {
            return (null, new(StatusCodes.Status409Conflict, "CONFLICT", "Another schedule has this name.", [new("name", "is another schedule's")]));
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal)) // of data
        {
            return (null, ApiProblem.Of(JobBody.Unstorable));
        }

        try
        {
            await grains.GetGrain<ISchedulerGrain>(project.ToString(CultureInfo.InvariantCulture)).ChangedAsync().WaitAsync(Patience, time, ct);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            NotTold(row.Id, e);
        }

        return (row, null);
    }

    private FieldError? Fit(string type, string payload) => types.Find(type)?.Check(payload) is var (field, message) ? new(field, message) : null;

    private static int? ProjectOf(HttpContext http, bool isSystem) => isSystem ? null : http.Caller()!.Project;

    private static string Target(int id) => string.Create(CultureInfo.InvariantCulture, $"schedule:{id}");

    [LoggerMessage(Level = LogLevel.Warning, Message = "No silo could be told of schedule {schedule}; one looks within two minutes")]
    private partial void NotTold(int schedule, Exception exception);

    private static object Told(ScheduleRow row) =>
        new { row.Name, row.Type, row.Payload, row.Cron, row.EverySeconds, row.OnceAt, row.TimeZone, row.Enabled, row.JitterMs, row.Missed, row.Overlap };
}
