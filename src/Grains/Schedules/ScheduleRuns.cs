using System.Globalization;
using Bayou.Database;
using Bayou.Jobs;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bayou.Schedules;

/// <summary>
/// Enqueues what is due, each occurrence once, however many do so at the same time: the schedule's row is moved on in the transaction that has the jobs, and
/// only from where it was read.
/// </summary>
internal sealed partial class ScheduleRuns(NpgsqlDataSource db, JobTypes types, JobBell bell, ILogger<ScheduleRuns> logger)
{
    public const string Columns =
        "id, project_id, type, payload::text, queue, priority, cron, every_seconds, once_at, time_zone, created_at, jitter_ms, missed, overlap, next_run";

    private static readonly TimeSpan RememberedFor = TimeSpan.FromDays(2);

    /// <summary>Until what cannot run here is looked at again: another node may be able to.</summary>
    private static readonly TimeSpan AfterStuck = TimeSpan.FromSeconds(5);

    /// <returns>How long until the next is due; null when there is none.</returns>
    public async Task<TimeSpan?> RunDueAsync(int project, CancellationToken ct)
    {
        var (due, now, isStuck) = await DueAsync(project, ct);
        foreach (var schedule in due)
        {
            try
            {
                isStuck |= !await RunAsync(schedule, now, ct);
            }
            catch (Exception e) when (e is not OperationCanceledException && !DatabaseFailure.IsPassing(e))
            {
                NotRun(schedule.Id, e); // The others need not wait for it.
                isStuck = true;
            }
        }

        await using var command = db.CreateCommand("""
            SELECT min(next_run) - now(), min(next_run) FILTER (WHERE next_run > now()) - now() FROM schedules s WHERE project_id = $1 AND enabled
               AND NOT EXISTS (SELECT FROM projects p WHERE p.id = s.project_id AND p.deleted_at IS NOT NULL)
            """);
        command.With(project);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        if (isStuck)
        {
            return await reader.OrNullAsync<TimeSpan>(1, ct) is { } next && next < AfterStuck ? next : AfterStuck;
        }

        return await reader.OrNullAsync<TimeSpan>(0, ct);
    }

    /// <summary>Projects whose schedules are due for longer than a scheduler takes to look.</summary>
    public async Task<int[]> LateProjectsAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            SELECT ARRAY(SELECT DISTINCT s.project_id FROM schedules s JOIN projects p ON p.id = s.project_id AND p.deleted_at IS NULL
                          WHERE s.enabled AND coalesce(s.next_run, s.updated_at) < now() - interval '30 seconds' ORDER BY s.project_id)
            """);
        return (int[])(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Enqueues one run now, whatever its times are.</summary>
    /// <returns>The job; null where there is no such schedule.</returns>
    public async Task<EnqueuedJob?> RunNowAsync(int project, int id, string by, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var find = new NpgsqlCommand($"SELECT {Columns} FROM schedules WHERE project_id = $1 AND id = $2 FOR UPDATE", connection);
        find.With(project, id);
        Schedule? schedule = null;
        await using (var reader = await find.ExecuteReaderAsync(ct))
        {
            schedule = await reader.ReadAsync(ct) ? await ReadAsync(reader, ct) : null;
        }

        if (schedule is null || types.Find(schedule.Type) is not { } handler)
        {
            return null;
        }

        var job = JobOf(schedule, handler.Type) with { CreatedBy = by, UniqueKey = schedule.Overlaps ? null : KeyOf(schedule), UniqueUntil = UniqueUntil.Ends };
        var (jobs, _) = await JobQueue.EnqueueAsync(connection, [job], ct);
        await using var told = new NpgsqlCommand("UPDATE schedules SET last_run = now(), last_job_id = $2 WHERE id = $1", connection);
        told.With(id, jobs![0].Id);
        await told.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        bell.Ring();
        return jobs[0];
    }

    private async Task<(List<Schedule> Due, DateTime Now, bool IsStuck)> DueAsync(int project, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT now(), {Columns} FROM schedules s WHERE project_id = $1 AND enabled AND (next_run IS NULL OR next_run <= now())
               AND NOT EXISTS (SELECT FROM projects p WHERE p.id = s.project_id AND p.deleted_at IS NOT NULL)
             ORDER BY next_run, id
            """);
        command.With(project);
        var due = new List<Schedule>();
        var (now, isStuck) = (default(DateTime), false);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            now = reader.GetDateTime(0);
            if (await ReadAsync(reader, ct, from: 1) is { } schedule)
            {
                due.Add(schedule);
            }
            else
            {
                isStuck = true;
            }
        }

        return (due, now, isStuck);
    }

    /// <returns>False where it cannot run here.</returns>
    private async Task<bool> RunAsync(Schedule schedule, DateTime now, CancellationToken ct)
    {
        var runs = DueRuns.Of(schedule, now);
        if (types.Find(schedule.Type) is not { } handler)
        {
            Unknown(schedule.Id, schedule.Type); // A newer node knows it.
            return false;
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var move = new NpgsqlCommand("""
            UPDATE schedules SET next_run = $3, enabled = enabled AND $3 IS NOT NULL, last_skipped = coalesce($4, last_skipped)
             WHERE id = $1 AND next_run IS NOT DISTINCT FROM $2 AND enabled
            """, connection);
        move.With<int>(schedule.Id);
        move.With(schedule.Next);
        move.With(runs.Next);
        move.With(runs.Skipped);
        foreach (var parameter in move.Parameters.Skip(1))
        {
            parameter.NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz;
        }

        if (await move.ExecuteNonQueryAsync(ct) == 0)
        {
            return true; // Another did, or it was changed.
        }

        if (runs.Occurrences.Count > 0)
        {
            var (jobs, _) = await JobQueue.EnqueueAsync(connection, [.. runs.Occurrences.Select(occurrence => JobAt(schedule, handler.Type, occurrence))], ct);
            await TellAsync(connection, schedule, runs, jobs!, ct);
        }

        await transaction.CommitAsync(ct);
        bell.Ring();
        return true;
    }

    /// <summary>Keeps which job came of it; an occurrence at which the job before had not ended is skipped.</summary>
    private static async Task TellAsync(
        NpgsqlConnection connection, Schedule schedule, DueRuns runs, IReadOnlyList<EnqueuedJob> jobs, CancellationToken ct)
    {
        var (ran, skipped) = (Last(isSkipped: false), Last(isSkipped: true));
        await using var command = new NpgsqlCommand("""
            UPDATE schedules SET last_job_id = coalesce($2, last_job_id), last_run = coalesce($3::timestamptz, last_run),
                   last_skipped = coalesce($4::timestamptz, last_skipped)
             WHERE id = $1
            """, connection);
        command.With(schedule.Id, ran?.Job.Id, ran?.Time, skipped?.Time);
        await command.ExecuteNonQueryAsync(ct);

        (EnqueuedJob Job, DateTime Time)? Last(bool isSkipped) =>
            jobs.Zip(runs.Occurrences).Where(pair => pair.First.Duplicate == isSkipped).Select(pair => ((EnqueuedJob, DateTime)?)pair).LastOrDefault();
    }

    private static NewJob JobAt(Schedule schedule, JobType type, DateTime occurrence) => JobOf(schedule, type) with
    {
        RunAt = occurrence,
        Delay = TimeSpan.FromMilliseconds(schedule.JitterMs == 0 ? 0 : Random.Shared.Next(schedule.JitterMs)),
        UniqueKey = schedule.Overlaps
            ? string.Create(CultureInfo.InvariantCulture, $"{KeyOf(schedule)}:{new DateTimeOffset(occurrence).ToUnixTimeSeconds()}") : KeyOf(schedule),
        UniqueUntil = schedule.Overlaps ? UniqueUntil.Expires : UniqueUntil.Ends,
        UniqueFor = RememberedFor,
    };

    private static string KeyOf(Schedule schedule) => string.Create(CultureInfo.InvariantCulture, $"schedule:{schedule.Id}");

    private static NewJob JobOf(Schedule schedule, JobType type) => new(schedule.Project, type, schedule.Payload, KeyOf(schedule))
    {
        Queue = schedule.Queue, Priority = schedule.Priority, Schedule = schedule.Id,
    };

    /// <returns>Null, said in the log, where its rule is of no use any more.</returns>
    private async Task<Schedule?> ReadAsync(NpgsqlDataReader row, CancellationToken ct, int from = 0)
    {
        var everySeconds = await row.OrNullAsync<int>(from + 7, ct);
        var once = await row.OrNullAsync<DateTime>(from + 8, ct);
        var (rule, wrong) = ScheduleRule.Of(await row.TextOrNullAsync(from + 6, ct), everySeconds, once, row.GetString(from + 9), row.GetDateTime(from + 10));
        if (rule is null)
        {
            Unusable(row.GetInt32(from), wrong!.Value.Field, wrong.Value.Message); // A zone that this machine does not know.
            return null;
        }

        return new(
            row.GetInt32(from), row.GetInt32(from + 1), row.GetString(from + 2), row.GetString(from + 3), await row.TextOrNullAsync(from + 4, ct),
            await row.OrNullAsync<short>(from + 5, ct), rule, once is not null, row.GetInt32(from + 11), row.GetString(from + 12), row.GetBoolean(from + 13),
            await row.OrNullAsync<DateTime>(from + 14, ct));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedule {schedule} could not be run")]
    private partial void NotRun(int schedule, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedule {schedule} is of type {type}, which this version does not know")]
    private partial void Unknown(int schedule, string type);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedule {schedule} cannot run here: {field} {message}")]
    private partial void Unusable(int schedule, string field, string message);
}
