using System.Text.Json;
using Bayou.Cluster;
using Bayou.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>The rows by which workers know of each other. All times are the database's.</summary>
internal sealed class JobLease([FromKeyedServices(DatabasePool.Jobs)] NpgsqlDataSource db, NodeIdentity node, IOptions<JobsOptions> options)
{
    /// <summary>Workers that a job may cost. One that has ended three is what ends them.</summary>
    private const int MostCrashes = 3;

    /// <returns>The number of a new worker; none is ever given twice.</returns>
    public async Task<long> BeginAsync(CancellationToken ct)
    {
        // A process of the same name is there no more: what it ran need not wait for its lease.
        await using var command = db.CreateCommand("""
            WITH former AS (UPDATE job_workers SET state = 'lost', running = 0 WHERE node = $1 AND state IN ('live', 'stopping'))
            INSERT INTO job_workers (node, queues, lease_until) VALUES ($1, $2::jsonb, now() + $3) RETURNING id
            """);
        command.With(node.Name, JsonSerializer.Serialize(options.Value.Queues), options.Value.Lease);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <returns>Whether it is renewed, or others take the worker for lost; and whether there is anything to take over from others.</returns>
    public async Task<(bool IsRenewed, bool IsAnyLost)> RenewAsync(long worker, int running, bool isStopping, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            UPDATE job_workers SET beat_at = now(), lease_until = now() + $2, running = $3, state = CASE WHEN $4 THEN 'stopping' ELSE state END
             WHERE id = $1 AND state IN ('live', 'stopping')
            RETURNING EXISTS (SELECT FROM job_workers w WHERE w.state IN ('live', 'stopping') AND w.lease_until < now())
                   OR EXISTS (SELECT FROM jobs j JOIN job_workers w ON w.id = j.worker AND w.state IN ('lost', 'stopped') WHERE j.state = {JobState.Running})
            """);
        command.CommandTimeout = Math.Max(1, options.Value.LeaseSeconds / 5); // One that takes longer comes too late.
        command.With(worker, options.Value.Lease, running, isStopping);
        return await command.ExecuteScalarAsync(ct) is bool isAnyLost ? (true, isAnyLost) : (false, false);
    }

    public async Task EndAsync(long worker, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            "UPDATE job_workers SET state = 'stopped', running = 0, beat_at = now(), lease_until = now() WHERE id = $1 AND state IN ('live', 'stopping')");
        command.With(worker);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Takes from workers that are lost what they held. Who ran a job that was lost with three of them is not given it again.</summary>
    /// <returns>How many jobs that were.</returns>
    public async Task<int> TakeOverAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var fence = new NpgsqlCommand(
            "UPDATE job_workers SET state = 'lost', running = 0 WHERE state IN ('live', 'stopping') AND lease_until < now()", connection))
        {
            await fence.ExecuteNonQueryAsync(ct);
        }

        var ended = await JobHistory.MoveAsync(connection, $"""
            DELETE FROM jobs j
             USING (SELECT j.project_id, j.id FROM jobs j JOIN job_workers w ON w.id = j.worker AND w.state IN ('lost', 'stopped')
                     WHERE j.state = {JobState.Running}
                       AND (j.is_cancelled OR j.crashes >= {MostCrashes - 1} AND (j.project_id, j.id) IN ({Begun}))
                       FOR UPDATE OF j SKIP LOCKED) lost
             WHERE j.project_id = lost.project_id AND j.id = lost.id
            RETURNING j.*, CASE WHEN j.is_cancelled THEN '{JobStatus.Cancelled}' ELSE '{JobStatus.Dead}' END AS end_status, NULL::jsonb AS end_result,
                      CASE WHEN j.is_cancelled THEN 'It was cancelled, and its worker was lost.' ELSE '{TooMany}' END AS end_error,
                      CASE WHEN NOT j.is_cancelled THEN '{TooMany}' END AS end_pattern, {Lost} AS end_try
            """, _ => { }, ct);
        await using var again = new NpgsqlCommand($"""
            UPDATE jobs j SET state = {JobState.Waiting}, worker = NULL, run_at = now(),
                   crashes = crashes + CASE WHEN (j.project_id, j.id) IN ({Begun}) THEN 1 ELSE 0 END, progress = NULL, progress_note = NULL,
                   error = 'The worker that ran it was lost.', error_pattern = 'The worker that ran it was lost.',
                   tries = {JobHistory.WithTry("j.tries", Lost)}
              FROM (SELECT j.project_id, j.id FROM jobs j JOIN job_workers w ON w.id = j.worker AND w.state IN ('lost', 'stopped')
                     WHERE j.state = {JobState.Running} AND NOT j.is_cancelled FOR UPDATE OF j SKIP LOCKED) lost
             WHERE j.project_id = lost.project_id AND j.id = lost.id AND NOT j.is_cancelled
            """, connection);
        var given = await again.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return ended.Count + given;
    }

    private const string TooMany = "Three workers were lost while they ran it; it is not given to another.";

    /// <summary>Of what a lost worker held, what it ran: as many of each queue as it had places, those first that it was given first.</summary>
    private static readonly string Begun = $"""
        SELECT ranked.project_id, ranked.id
          FROM (SELECT h.project_id, h.id, (l.queues ->> h.queue)::int AS places,
                       row_number() OVER (PARTITION BY h.worker, h.queue ORDER BY h.started_at, h.run_at, h.id) AS place
                  FROM jobs h JOIN job_workers l ON l.id = h.worker AND l.state IN ('lost', 'stopped') WHERE h.state = {JobState.Running}) ranked
         WHERE ranked.place <= ranked.places
        """;

    private const string Lost = """
        jsonb_build_object('attempt', j.attempts, 'node', (SELECT node FROM job_workers WHERE id = j.worker), 'started_at', j.started_at,
                           'finished_at', now(), 'error', 'The worker that ran it was lost.')
        """;
}
