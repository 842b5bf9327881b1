using Bayou.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>Writes how jobs were left, many at once. What is not the worker's any more is left as it is: the fence says so.</summary>
internal sealed class JobEnds([FromKeyedServices(DatabasePool.Jobs)] NpgsqlDataSource db)
{
    /// <returns>How many of them were still the worker's.</returns>
    public async Task<int> WriteAsync(long worker, IReadOnlyList<JobEnd> ends, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var ended = await EndAsync(connection, worker, [.. ends.Where(end => end.Status is not null)], ct);
        JobEnd[] again = [.. ends.Where(end => end.Status is null)];
        var written = ended.Select(job => (job.Project, job.Id)).ToHashSet();
        if (again.Length > 0)
        {
            written.UnionWith(await ReturnAsync(connection, worker, again, ct));

            // Of those that were not returned, some had been asked to stop meanwhile.
            JobEnd[] left = [.. again.Where(end => !written.Contains((end.Job.Project, end.Job.Id)))];
            written.UnionWith((await EndAsync(connection, worker, [.. left.Select(end => end with { Status = JobStatus.Cancelled })], ct))
                .Select(job => (job.Project, job.Id)));
        }

        await JobMinutes.AddAsync(connection, worker, [.. ends.Where(end => end.IsCompleted || written.Contains((end.Job.Project, end.Job.Id)))], ct);
        await transaction.CommitAsync(ct);
        return written.Count;
    }

    /// <summary>Ends a job within the transaction in which it did its work.</summary>
    /// <exception cref="JobLostException">It is not the worker's any more; the transaction must not be committed.</exception>
    public static async Task EndWithAsync(NpgsqlConnection connection, long worker, JobEnd end, CancellationToken ct)
    {
        if ((await EndAsync(connection, worker, [end], ct)).Count == 0)
        {
            throw new JobLostException();
        }
    }

    private static async Task<List<EndedJob>> EndAsync(NpgsqlConnection connection, long worker, JobEnd[] ends, CancellationToken ct) =>
        ends.Length == 0 ? [] : await JobHistory.MoveAsync(connection, """
            DELETE FROM jobs j
             USING unnest($2::int[], $3::bigint[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
                   AS t(project_id, id, fence, status, result, error, pattern, try)
             WHERE j.project_id = t.project_id AND j.id = t.id AND j.fence = t.fence AND j.worker = $1
            RETURNING j.*, t.status AS end_status, t.result::jsonb AS end_result, t.error AS end_error, t.pattern AS end_pattern, t.try::jsonb AS end_try
            """, command =>
        {
            Bind(command, worker, ends);
            command.With(ends.Select(end => end.Status).ToArray());
            command.With(ends.Select(end => end.Result).ToArray());
            command.With(ends.Select(end => end.Error).ToArray());
            command.With(ends.Select(end => end.ErrorPattern).ToArray());
            command.With(ends.Select(end => end.Try).ToArray());
        }, ct);

    /// <summary>Lets jobs wait again: for their next attempt, or for another worker.</summary>
    /// <returns>Those that do.</returns>
    private static async Task<List<(int Project, long Id)>> ReturnAsync(NpgsqlConnection connection, long worker, JobEnd[] ends, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            UPDATE jobs j SET state = {JobState.Waiting}, worker = NULL, progress = NULL, progress_note = NULL,
                   started_at = CASE WHEN t.delay IS NULL THEN NULL ELSE j.started_at END,
                   attempts = CASE WHEN t.delay IS NULL THEN j.attempts - 1 ELSE j.attempts END,
                   run_at = CASE WHEN t.delay IS NULL THEN j.run_at ELSE now() + t.delay END,
                   error = coalesce(t.error, j.error), error_pattern = coalesce(t.pattern, j.error_pattern),
                   tries = {JobHistory.WithTry("j.tries", "t.try::jsonb")}
              FROM unnest($2::int[], $3::bigint[], $4::int[], $5::interval[], $6::text[], $7::text[], $8::text[])
                   AS t(project_id, id, fence, delay, error, pattern, try)
             WHERE j.project_id = t.project_id AND j.id = t.id AND j.fence = t.fence AND j.worker = $1 AND NOT j.is_cancelled
            RETURNING j.project_id, j.id
            """, connection);
        Bind(command, worker, ends);
        command.With(ends.Select(end => end.Delay).ToArray());
        command.With(ends.Select(end => end.Error).ToArray());
        command.With(ends.Select(end => end.ErrorPattern).ToArray());
        command.With(ends.Select(end => end.Try).ToArray());
        var returned = new List<(int, long)>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            returned.Add((reader.GetInt32(0), reader.GetInt64(1)));
        }

        return returned;
    }

    private static void Bind(NpgsqlCommand command, long worker, JobEnd[] ends)
    {
        command.With(worker);
        command.With(ends.Select(end => end.Job.Project).ToArray());
        command.With(ends.Select(end => end.Job.Id).ToArray());
        command.With(ends.Select(end => end.Job.Fence).ToArray());
    }
}
