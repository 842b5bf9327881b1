using System.Globalization;
using Bayou.Database;
using Npgsql;
using NpgsqlTypes;

namespace Bayou.Jobs;

/// <summary>What keeps a job from being taken.</summary>
/// <param name="Index">Of the job among those that came together.</param>
internal sealed record JobRefusal(int Index, string Field, string Message);

/// <summary>Takes jobs in, within whatever transaction asks for them: what rolls back never was.</summary>
internal sealed class JobQueue(NpgsqlDataSource db, JobBell bell)
{
    /// <summary>Takes jobs in a transaction of their own, and wakes workers.</summary>
    public async Task<IReadOnlyList<EnqueuedJob>> EnqueueAsync(IReadOnlyList<NewJob> jobs, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (taken, refusal) = await EnqueueAsync(connection, jobs, ct);
        if (taken is null)
        {
            throw new InvalidOperationException($"{refusal!.Field} {refusal.Message}");
        }

        await transaction.CommitAsync(ct);
        bell.Ring();
        return taken;
    }

    /// <summary>
    /// Takes jobs within the transaction that the connection is in, all of them or none. Once that is committed, <see cref="JobBell.Ring"/> has them
    /// start at once; without it they start within a second.
    /// </summary>
    public static async Task<(IReadOnlyList<EnqueuedJob>? Jobs, JobRefusal? Refusal)> EnqueueAsync(
        NpgsqlConnection connection, IReadOnlyList<NewJob> jobs, CancellationToken ct)
    {
        var ids = await DrawAsync(connection, jobs.Count, ct);
        var taken = await ClaimKeysAsync(connection, jobs, ids, ct);
        var pending = new int[jobs.Count];
        for (var i = 0; i < jobs.Count; i++)
        {
            if (jobs[i].After.Count > 0 && !taken[i].Duplicate)
            {
                var (awaited, wrong) = await WaitForAsync(connection, jobs[i], ids[i], ct);
                if (wrong is not null)
                {
                    return (null, new(i, "after", wrong));
                }

                pending[i] = awaited;
            }
        }

        await InsertAsync(connection, jobs, [.. Enumerable.Range(0, jobs.Count).Where(i => !taken[i].Duplicate)], ids, pending, ct);
        return (taken, null);
    }

    /// <summary>See <c>jobs_draw</c> for why pollers miss none of them.</summary>
    private static async Task<long[]> DrawAsync(NpgsqlConnection connection, int count, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT array_agg(id) FROM jobs_draw($1) id", connection);
        command.With(count);
        return (long[])(await command.ExecuteScalarAsync(ct))!;
    }

    /// <returns>Each with its own id, or that of the job which has its key already.</returns>
    private static async Task<EnqueuedJob[]> ClaimKeysAsync(NpgsqlConnection connection, IReadOnlyList<NewJob> jobs, long[] ids, CancellationToken ct)
    {
        var taken = ids.Select(id => new EnqueuedJob(id, false)).ToArray();
        var first = new Dictionary<(int Project, string Key), int>();
        foreach (var (job, i) in jobs.Select((job, i) => (job, i)).Where(one => one.job.UniqueKey is not null))
        {
            first.TryAdd((job.Project, job.UniqueKey!), i);
        }

        if (first.Count == 0)
        {
            return taken;
        }

        var owners = await InsertKeysAsync(connection, [.. first.Values.Select(i => (jobs[i], ids[i]))], ct);
        foreach (var (job, i) in jobs.Select((job, i) => (job, i)).Where(one => one.job.UniqueKey is not null))
        {
            var owner = owners[(job.Project, job.UniqueKey!)];
            taken[i] = new(owner, owner != ids[i]);
        }

        return taken;
    }

    /// <returns>The job that has each key.</returns>
    private static async Task<Dictionary<(int Project, string Key), long>> InsertKeysAsync(
        NpgsqlConnection connection, IReadOnlyList<(NewJob Job, long Id)> jobs, CancellationToken ct)
    {
        // Sorted, so that two that ask for the same keys cannot wait for each other. One that stands is written as it is, so that it is held and told.
        await using var command = new NpgsqlCommand("""
            INSERT INTO job_keys AS k (project_id, key, job_id, expires_at)
            SELECT project_id, key, job_id, coalesce(now() + lasts, 'infinity')
              FROM unnest($1::int[], $2::text[], $3::bigint[], $4::interval[]) AS n(project_id, key, job_id, lasts)
             ORDER BY project_id, key
            ON CONFLICT (project_id, key) DO UPDATE SET
                   job_id = CASE WHEN k.expires_at <= now() THEN excluded.job_id ELSE k.job_id END,
                   expires_at = CASE WHEN k.expires_at <= now() THEN excluded.expires_at ELSE k.expires_at END
            RETURNING project_id, key, job_id
            """, connection);
        command.With(jobs.Select(one => one.Job.Project).ToArray(), jobs.Select(one => one.Job.UniqueKey!).ToArray(), jobs.Select(one => one.Id).ToArray());
        command.With(jobs.Select(one => one.Job.UniqueUntil == UniqueUntil.Expires ? one.Job.UniqueFor : (TimeSpan?)null).ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        var owners = new Dictionary<(int, string), long>();
        while (await reader.ReadAsync(ct))
        {
            owners[(reader.GetInt32(0), reader.GetString(1))] = reader.GetInt64(2);
        }

        return owners;
    }

    /// <returns>How many jobs it waits for, or why it cannot wait for those.</returns>
    private static async Task<(int Awaited, string? Wrong)> WaitForAsync(NpgsqlConnection connection, NewJob job, long id, CancellationToken ct)
    {
        long[] after = [.. job.After.Distinct()];

        // Locked: one that ends at this moment either waits for our commit, and then finds who waits for it, or has ended before the next statement.
        const string Open = "SELECT id, '' FROM jobs WHERE project_id = $1 AND id = ANY ($2) ORDER BY id FOR KEY SHARE";
        var open = await IdsAsync(connection, Open, job.Project, after, ct);
        var ended = await IdsAsync(
            connection, "SELECT id, status FROM job_history WHERE project_id = $1 AND id = ANY ($2) FOR KEY SHARE", job.Project, Without(open), ct);

        // One that was dead and is tried again may have been neither here nor there.
        foreach (var (again, _) in await IdsAsync(connection, Open, job.Project, [.. Without(open).Where(one => !ended.ContainsKey(one))], ct))
        {
            open[again] = "";
        }

        if (after.FirstOrDefault(one => !open.ContainsKey(one) && !ended.ContainsKey(one)) is > 0 and var unknown)
        {
            return (0, string.Create(CultureInfo.InvariantCulture, $"has {unknown}, which is no job here"));
        }

        if (!job.AfterAnyEnd && ended.FirstOrDefault(one => one.Value == JobStatus.Cancelled).Key is > 0 and var cancelled)
        {
            return (0, string.Create(CultureInfo.InvariantCulture, $"has {cancelled}, which was cancelled, and so will not succeed"));
        }

        // One that is dead may be tried again, and succeed.
        long[] awaited = [.. open.Keys, .. ended.Where(one => !job.AfterAnyEnd && one.Value == JobStatus.Dead).Select(one => one.Key)];
        await using var command =
            new NpgsqlCommand("INSERT INTO job_waits (project_id, after_id, job_id, needs_success) SELECT $1, unnest($2::bigint[]), $3, $4", connection);
        command.With(job.Project, awaited, id, !job.AfterAnyEnd);
        await command.ExecuteNonQueryAsync(ct);
        return (awaited.Length, null);

        long[] Without(Dictionary<long, string> known) => [.. after.Where(one => !known.ContainsKey(one))];
    }

    private static async Task<Dictionary<long, string>> IdsAsync(NpgsqlConnection connection, string sql, int project, long[] ids, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.With(project, ids);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new Dictionary<long, string>();
        while (await reader.ReadAsync(ct))
        {
            found[reader.GetInt64(0)] = reader.GetString(1);
        }

        return found;
    }

    private static async Task InsertAsync(
        NpgsqlConnection connection, IReadOnlyList<NewJob> jobs, IReadOnlyList<int> which, long[] ids, int[] pending, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            INSERT INTO jobs (project_id, id, type, queue, priority, state, payload, max_attempts, run_at, created_by, trace_id, schedule_id, batch_id,
                unique_key, unique_until, pending)
            OVERRIDING SYSTEM VALUE
            SELECT project_id, id, type, queue, priority, CASE WHEN pending > 0 THEN {JobState.Blocked} ELSE {JobState.Waiting} END, payload::jsonb,
                   max_attempts, coalesce(run_at, now()) + delay, created_by, trace_id, schedule_id, $15, unique_key, unique_until, pending
              FROM unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::int[], $8::timestamptz[], $9::interval[],
                          $10::text[], $11::text[], $12::int[], $13::text[], $14::smallint[], $16::int[])
                   AS n(project_id, id, type, queue, priority, payload, max_attempts, run_at, delay, created_by, trace_id, schedule_id, unique_key,
                        unique_until, pending)
            """, connection);
        command.With(Each(job => job.Project));
        command.With(which.Select(i => ids[i]).ToArray());
        command.With(Each(job => job.Type.Name));
        command.With(Each(job => job.Queue ?? job.Type.Queue));
        command.With(Each(job => (short)(job.Priority ?? job.Type.Priority)));
        command.With(Each(job => job.Payload));
        command.With(Each(job => job.MaxAttempts ?? job.Type.MaxAttempts));
        command.With(Each(job => job.RunAt));
        command.With(Each(job => job.Delay));
        command.With(Each(job => job.CreatedBy));
        command.With(Each(job => job.TraceId));
        command.With(Each(job => job.Schedule));
        command.With(Each(job => job.UniqueKey));
        command.With(Each(job => (short)job.UniqueUntil));
        command.Parameters.Add(new() { NpgsqlDbType = NpgsqlDbType.Bigint, Value = jobs.Count > 1 ? ids[0] : DBNull.Value });
        command.With(which.Select(i => pending[i]).ToArray());
        await command.ExecuteNonQueryAsync(ct);

        T[] Each<T>(Func<NewJob, T> value) => [.. which.Select(i => value(jobs[i]))];
    }
}
