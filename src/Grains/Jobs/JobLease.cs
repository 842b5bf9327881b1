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
        await using var command = db.CreateCommand("INSERT INTO job_workers (node, queues, lease_until) VALUES ($1, $2::jsonb, now() + $3) RETURNING id");
        command.With(node.Name, JsonSerializer.Serialize(options.Value.Queues), options.Value.Lease);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <returns>False when others take the worker for lost.</returns>
    public async Task<bool> RenewAsync(long worker, int running, bool isStopping, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            UPDATE job_workers SET beat_at = now(), lease_until = now() + $2, running = $3, state = CASE WHEN $4 THEN 'stopping' ELSE state END
             WHERE id = $1 AND state IN ('live', 'stopping')
            """);
        command.With(worker, options.Value.Lease, running, isStopping);
        return await command.ExecuteNonQueryAsync(ct) > 0;
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
                     WHERE j.state = {JobState.Running} AND (j.is_cancelled OR j.crashes >= {MostCrashes - 1}) FOR UPDATE OF j SKIP LOCKED) lost
             WHERE j.project_id = lost.project_id AND j.id = lost.id
            RETURNING j.*, CASE WHEN j.is_cancelled THEN '{JobStatus.Cancelled}' ELSE '{JobStatus.Dead}' END AS end_status, NULL::jsonb AS end_result,
                      '{MostCrashes} workers were lost while they ran it; it is not given to another.' AS end_error,
                      '{MostCrashes} workers were lost while they ran it; it is not given to another.' AS end_pattern, {Lost} AS end_try
            """, _ => { }, ct);
        await using var again = new NpgsqlCommand($"""
            UPDATE jobs j SET state = {JobState.Waiting}, worker = NULL, crashes = crashes + 1, run_at = now(), progress = NULL, progress_note = NULL,
                   error = 'The worker that ran it was lost.', error_pattern = 'The worker that ran it was lost.',
                   tries = {JobHistory.WithTry("j.tries", Lost)}
              FROM (SELECT j.project_id, j.id FROM jobs j JOIN job_workers w ON w.id = j.worker AND w.state IN ('lost', 'stopped')
                     WHERE j.state = {JobState.Running} FOR UPDATE OF j SKIP LOCKED) lost
             WHERE j.project_id = lost.project_id AND j.id = lost.id
            """, connection);
        var given = await again.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return ended.Count + given;
    }

    private const string Lost = """
        jsonb_build_object('attempt', j.attempts, 'node', (SELECT node FROM job_workers WHERE id = j.worker), 'started_at', j.started_at,
                           'finished_at', now(), 'error', 'The worker that ran it was lost.')
        """;
}
