using Bayou.Database;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>A job that has just ended.</summary>
internal readonly record struct EndedJob(int Project, long Id, string Status);

/// <summary>Moves jobs that end out of those that are open, with all that follows: keys that are free again, jobs that waited for them.</summary>
internal static class JobHistory
{
    /// <summary>What both tables have, in order.</summary>
    public const string Columns = """
        project_id, id, type, queue, priority, state, payload, attempts, max_attempts, run_at, created_at, created_by, trace_id, schedule_id, batch_id,
        unique_key, unique_until, pending, fence, worker, is_cancelled, crashes, started_at, progress, progress_note
        """;

    private const int MostTries = 25; // that are kept of a job

    /// <summary>Adds an attempt to those that are kept, in SQL.</summary>
    public static string WithTry(string tries, string added) => $"""
        CASE WHEN {added} IS NULL THEN {tries} WHEN jsonb_array_length({tries}) >= {MostTries} THEN ({tries} - 0) || {added} ELSE {tries} || {added} END
        """;

    /// <summary>Moves jobs, and all that follows from that.</summary>
    /// <param name="delete">
    /// A DELETE of <c>jobs j</c> that returns <c>j.*</c>, then what they end with: <c>end_status, end_result, end_error, end_pattern, end_try</c>.
    /// </param>
    /// <returns>What was moved, jobs that were cancelled because of it among them.</returns>
    public static async Task<List<EndedJob>> MoveAsync(NpgsqlConnection connection, string delete, Action<NpgsqlCommand> bind, CancellationToken ct)
    {
        var moved = await DeleteAsync(connection, delete, bind, ct);
        for (var next = moved; next.Count > 0;)
        {
            await ReleaseAsync(connection, next, ct);
            next = await CancelWaitingAsync(connection, next, ct);
            moved.AddRange(next);
        }

        return moved;
    }

    private static async Task<List<EndedJob>> DeleteAsync(NpgsqlConnection connection, string delete, Action<NpgsqlCommand> bind, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            WITH gone AS ({delete}),
            keys AS (
                DELETE FROM job_keys k USING gone
                 WHERE gone.unique_until IN ({(short)UniqueUntil.Starts}, {(short)UniqueUntil.Ends})
                   AND k.project_id = gone.project_id AND k.key = gone.unique_key AND k.job_id = gone.id),
            waits AS (
                DELETE FROM job_waits w USING gone WHERE gone.pending > 0 AND w.project_id = gone.project_id AND w.job_id = gone.id)
            INSERT INTO job_history ({Columns}, error, error_pattern, tries, status, finished_at, result)
            SELECT {Columns}, coalesce(end_error, CASE WHEN end_status = '{JobStatus.Dead}' THEN error END), end_pattern, {WithTry("tries", "end_try")},
                   end_status, clock_timestamp(), end_result
              FROM gone
            RETURNING project_id, id, status
            """, connection);
        bind(command);
        var moved = new List<EndedJob>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            moved.Add(new(reader.GetInt32(0), reader.GetInt64(1), reader.GetString(2)));
        }

        return moved;
    }

    /// <summary>A statement of its own: jobs that came to wait while the one before it waited for their lock are seen by this one alone.</summary>
    private static async Task ReleaseAsync(NpgsqlConnection connection, List<EndedJob> ended, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            WITH freed AS (
                DELETE FROM job_waits w USING unnest($1::int[], $2::bigint[], $3::text[]) AS e(project_id, id, status)
                 WHERE w.project_id = e.project_id AND w.after_id = e.id AND (NOT w.needs_success OR e.status = '{JobStatus.Succeeded}')
                RETURNING w.project_id, w.job_id),
            counted AS (SELECT project_id, job_id, count(*)::int AS freed FROM freed GROUP BY project_id, job_id)
            UPDATE jobs j SET pending = j.pending - c.freed, run_at = greatest(j.run_at, now()),
                   state = CASE WHEN j.pending = c.freed AND j.state = {JobState.Blocked} THEN {JobState.Waiting} ELSE j.state END
              FROM counted c WHERE j.project_id = c.project_id AND j.id = c.job_id
            """, connection);
        Bind(command, ended);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Those that wait for the success of a job that was cancelled will never run.</summary>
    private static async Task<List<EndedJob>> CancelWaitingAsync(NpgsqlConnection connection, List<EndedJob> ended, CancellationToken ct)
    {
        var cancelled = ended.FindAll(job => job.Status == JobStatus.Cancelled);
        return cancelled.Count == 0 ? [] : await DeleteAsync(connection, $"""
            DELETE FROM jobs j
             USING (SELECT w.project_id, w.job_id, min(w.after_id) AS after_id
                      FROM job_waits w JOIN unnest($1::int[], $2::bigint[], $3::text[]) AS e(project_id, id, status)
                        ON w.project_id = e.project_id AND w.after_id = e.id AND w.needs_success
                     GROUP BY w.project_id, w.job_id) waiting
             WHERE j.project_id = waiting.project_id AND j.id = waiting.job_id
            RETURNING j.*, '{JobStatus.Cancelled}'::text AS end_status, NULL::jsonb AS end_result,
                      'Job ' || waiting.after_id || ', whose success it waited for, was cancelled.' AS end_error, NULL::text AS end_pattern,
                      NULL::jsonb AS end_try
            """, command => Bind(command, cancelled), ct);
    }

    private static void Bind(NpgsqlCommand command, List<EndedJob> ended)
    {
        command.With(ended.Select(job => job.Project).ToArray());
        command.With(ended.Select(job => job.Id).ToArray());
        command.With(ended.Select(job => job.Status).ToArray());
    }
}
