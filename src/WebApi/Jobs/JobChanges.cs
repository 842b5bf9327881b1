using Bayou.Database;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>Tries jobs again, has them run at once, and cancels them.</summary>
internal sealed partial class JobChanges(NpgsqlDataSource db, JobBell bell, ILogger<JobChanges> logger)
{
    private const int MostAttempts = 5;

    /// <summary>
    /// Has those that are dead or were cancelled wait again, with all their attempts, and those that wait for their next attempt try it now. One whose key
    /// another job has by now, and one that was cancelled while it waited for others, stays as it is.
    /// </summary>
    /// <returns>How many that were.</returns>
    public Task<int> RetryAsync(int[] projects, long[] ids, CancellationToken ct) => ChangeAsync(async connection =>
    {
        await using var back = new NpgsqlCommand($"""
            WITH back AS (
                DELETE FROM job_history h
                 WHERE h.project_id = ANY ($1) AND h.id = ANY ($2) AND h.status IN ('{JobStatus.Dead}', '{JobStatus.Cancelled}') AND h.pending = 0
                   AND (h.unique_until NOT IN ({Keyed}) OR EXISTS (
                        SELECT FROM job_keys k WHERE k.project_id = h.project_id AND k.key = h.unique_key AND k.job_id = h.id))
                RETURNING *)
            INSERT INTO jobs (project_id, id, type, queue, priority, state, payload, max_attempts, run_at, created_at, created_by, trace_id, schedule_id,
                batch_id, unique_key, unique_until, fence, error, error_pattern, tries)
            OVERRIDING SYSTEM VALUE
            SELECT project_id, id, type, queue, priority, {JobState.Waiting}, payload, max_attempts, now(), created_at, created_by, trace_id, schedule_id,
                   batch_id, unique_key, unique_until, fence, error, error_pattern, tries
              FROM back
            """, connection);
        back.With(projects, ids);
        await ClaimKeysAsync(connection, projects, ids, ct);
        return await back.ExecuteNonQueryAsync(ct) + await RunAsync(connection, projects, ids, "AND w.error IS NOT NULL", ct);
    }, ct);

    private static string Keyed { get; } = $"{(short)UniqueUntil.Starts}, {(short)UniqueUntil.Ends}";

    /// <summary>Takes the keys of those that come back, where no other job has them: of several of one key the first.</summary>
    private static async Task ClaimKeysAsync(NpgsqlConnection connection, int[] projects, long[] ids, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            INSERT INTO job_keys AS k (project_id, key, job_id, expires_at)
            SELECT project_id, unique_key, min(id), 'infinity' FROM job_history
             WHERE project_id = ANY ($1) AND id = ANY ($2) AND status IN ('{JobStatus.Dead}', '{JobStatus.Cancelled}') AND pending = 0
               AND unique_until IN ({Keyed})
             GROUP BY project_id, unique_key ORDER BY project_id, unique_key
            ON CONFLICT (project_id, key) DO UPDATE SET job_id = excluded.job_id, expires_at = excluded.expires_at WHERE k.expires_at <= now()
            """, connection);
        command.With(projects, ids);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Has those that wait for their time run now.</summary>
    /// <returns>How many that were.</returns>
    public Task<int> RunNowAsync(int[] projects, long[] ids, CancellationToken ct) =>
        ChangeAsync(connection => RunAsync(connection, projects, ids, "", ct), ct);

    /// <summary>Cancels those that wait, and tells those that run to stop.</summary>
    /// <returns>How many that were.</returns>
    public Task<int> CancelAsync(int[] projects, long[] ids, CancellationToken ct) => ChangeAsync(async connection =>
    {
        // Twice: one that goes back to wait meanwhile would be found by neither statement.
        var cancelled = await DropAsync(connection, projects, ids, ct);
        await using var stop = new NpgsqlCommand($"""
            UPDATE jobs SET is_cancelled = true WHERE project_id = ANY ($1) AND id = ANY ($2) AND state = {JobState.Running} AND NOT is_cancelled
            """, connection);
        stop.With(projects, ids);
        return cancelled + await stop.ExecuteNonQueryAsync(ct) + await DropAsync(connection, projects, ids, ct);
    }, ct);

    private static async Task<int> DropAsync(NpgsqlConnection connection, int[] projects, long[] ids, CancellationToken ct) =>
        (await JobHistory.MoveAsync(connection, $"""
            DELETE FROM jobs j WHERE j.project_id = ANY ($1) AND j.id = ANY ($2) AND j.state <> {JobState.Running}
            RETURNING j.*, '{JobStatus.Cancelled}'::text AS end_status, NULL::jsonb AS end_result, 'It was cancelled before it ran.' AS end_error,
                      NULL::text AS end_pattern, NULL::jsonb AS end_try
            """, command => command.With(projects, ids), ct)).Count;

    private static async Task<int> RunAsync(NpgsqlConnection connection, int[] projects, long[] ids, string also, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            UPDATE jobs w SET run_at = now()
             WHERE w.project_id = ANY ($1) AND w.id = ANY ($2) AND w.state = {JobState.Waiting} AND w.run_at > now() {also}
            """, connection);
        command.With(projects, ids);
        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Again where PostgreSQL ended it, as it and another change of the same jobs waited for each other.</summary>
    private async Task<int> ChangeAsync(Func<NpgsqlConnection, Task<int>> change, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await db.OpenConnectionAsync(ct);
                await using var transaction = await connection.BeginTransactionAsync(ct);
                var changed = await change(connection);
                await transaction.CommitAsync(ct);
                bell.Ring();
                return changed;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < MostAttempts)
            {
                Again(attempt);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A change of jobs and another waited for each other; begins attempt {attempt} anew")]
    private partial void Again(int attempt);
}
