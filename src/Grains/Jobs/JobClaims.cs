using Bayou.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>Hands jobs out.</summary>
internal sealed class JobClaims([FromKeyedServices(DatabasePool.Jobs)] NpgsqlDataSource db)
{
    /// <summary>
    /// Gives a worker the first jobs of a queue that are due, those of one priority before those of the next. Jobs that another transaction holds are skipped,
    /// so workers never wait for each other.
    /// </summary>
    /// <param name="priorities">In the order in which they have their turn.</param>
    public async Task<List<ClaimedJob>> TakeAsync(long worker, string queue, int[] priorities, int most, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            WITH due AS MATERIALIZED (
                SELECT j.project_id, j.id, turn.place
                  FROM job_workers worker -- One that was taken for lost is given nothing.
                 CROSS JOIN unnest($3::int[]) WITH ORDINALITY AS turn(priority, place)
                 CROSS JOIN LATERAL (
                    SELECT project_id, id FROM jobs
                     WHERE state = {JobState.Waiting} AND queue = $2 AND priority = turn.priority AND run_at <= now()
                     ORDER BY run_at, id LIMIT $4
                       FOR NO KEY UPDATE SKIP LOCKED) j
                 WHERE worker.id = $1 AND worker.state IN ('live', 'stopping')
                 LIMIT $4),
            taken AS (
                UPDATE jobs j SET state = {JobState.Running}, worker = $1, fence = fence + 1, attempts = attempts + 1, started_at = clock_timestamp(),
                       progress = NULL, progress_note = NULL, is_cancelled = false
                  FROM due WHERE j.project_id = due.project_id AND j.id = due.id
                RETURNING j.project_id, j.id, j.type, j.payload::text AS payload, j.fence, j.attempts, j.max_attempts, j.trace_id, j.created_by, j.run_at,
                          j.unique_key, j.unique_until, due.place),
            started AS (
                DELETE FROM job_keys k USING taken
                 WHERE taken.unique_until = {(short)UniqueUntil.Starts} AND k.project_id = taken.project_id AND k.key = taken.unique_key
                   AND k.job_id = taken.id)
            SELECT project_id, id, type, payload, fence, attempts, max_attempts, trace_id, created_by, clock_timestamp() - run_at FROM taken
             ORDER BY place, run_at, id
            """);
        command.With(worker, queue);
        command.With(priorities);
        command.With(most);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var taken = new List<ClaimedJob>();
        while (await reader.ReadAsync(ct))
        {
            taken.Add(new(
                reader.GetInt32(0), reader.GetInt64(1), reader.GetString(2), queue, reader.GetString(3), reader.GetInt32(4), reader.GetInt32(5),
                reader.GetInt32(6), await reader.TextOrNullAsync(7, ct), reader.GetString(8), reader.GetTimeSpan(9)));
        }

        return taken;
    }

    /// <summary>
    /// Looks what there is to do: when each queue's next job is due, and which jobs of a worker are asked to stop, or have been its for so long that it must
    /// know of them.
    /// </summary>
    public async Task<(Dictionary<string, TimeSpan> DueIn, List<HeldJob> Held)> LookAsync(
        long worker, IReadOnlyCollection<string> queues, CancellationToken ct)
    {
        await using var batch = db.CreateBatch();
        var due = new NpgsqlBatchCommand($"""
            SELECT queue, min(next) - now()
              FROM unnest($1::text[]) AS queue, generate_series(0, {JobType.LastPriority}) AS priority
             CROSS JOIN LATERAL (
                SELECT run_at AS next FROM jobs j
                 WHERE j.state = {JobState.Waiting} AND j.queue = queue.queue AND j.priority = priority.priority ORDER BY run_at, id LIMIT 1) first
             GROUP BY queue
            """);
        due.Parameters.Add(new() { Value = queues.ToArray() });
        batch.BatchCommands.Add(due);
        var cancelled = new NpgsqlBatchCommand($"""
            SELECT project_id, id, fence, is_cancelled FROM jobs
             WHERE state = {JobState.Running} AND worker = $1 AND (is_cancelled OR started_at < now() - interval '5 seconds')
            """);
        cancelled.Parameters.Add(new() { Value = worker });
        batch.BatchCommands.Add(cancelled);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var dueIn = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            dueIn[reader.GetString(0)] = reader.GetTimeSpan(1);
        }

        await reader.NextResultAsync(ct);
        var held = new List<HeldJob>();
        while (await reader.ReadAsync(ct))
        {
            held.Add(new(reader.GetInt32(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetBoolean(3)));
        }

        return (dueIn, held);
    }

    /// <summary>Keeps how far jobs are, of those that are still the worker's.</summary>
    public async Task ProgressAsync(long worker, IReadOnlyList<(ClaimedJob Job, double Progress, string? Note)> told, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            UPDATE jobs j SET progress = t.progress, progress_note = t.note
              FROM unnest($2::int[], $3::bigint[], $4::int[], $5::real[], $6::text[]) AS t(project_id, id, fence, progress, note)
             WHERE j.project_id = t.project_id AND j.id = t.id AND j.fence = t.fence AND j.worker = $1
            """);
        command.With(worker);
        command.With(told.Select(one => one.Job.Project).ToArray());
        command.With(told.Select(one => one.Job.Id).ToArray());
        command.With(told.Select(one => one.Job.Fence).ToArray());
        command.With(told.Select(one => (float)one.Progress).ToArray());
        command.With(told.Select(one => one.Note).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }
}
