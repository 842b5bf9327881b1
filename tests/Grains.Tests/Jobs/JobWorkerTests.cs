using Bayou.Database;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>What workers do with jobs, on a real database. Every test has a queue of its own.</summary>
public sealed class JobWorkerTests(JobHost host) : IClassFixture<JobHost>
{
    private readonly string _queue = $"q{Guid.NewGuid():N}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_runs_once_and_keeps_its_result()
    {
        await using var worker = await host.StartWorkerAsync("one", _queue);
        var id = await host.EnqueueAsync(JobHost.New<ActsJob>(new { text = "hello" }, _queue));
        await host.EndsAsync(id, JobStatus.Succeeded);
        Assert.Equal(["hello"], worker.Heard.Texts);
        Assert.Equal("hello", await host.ScalarAsync<string>("SELECT result ->> 'text' FROM job_history WHERE id = $1", id));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM jobs WHERE id = $1", id));
    }

    [Fact]
    public async Task What_fails_is_tried_again_and_what_failed_is_kept()
    {
        await using var worker = await host.StartWorkerAsync("one", _queue);
        var id = await host.EnqueueAsync(JobHost.New<ActsJob>(new { fail_times = 2 }, _queue));
        await host.EndsAsync(id, JobStatus.Succeeded);
        Assert.Equal("Failed at 10.0.0.1.|Failed at 10.0.0.2.", await host.ScalarAsync<string>(
            "SELECT string_agg(t ->> 'error', '|' ORDER BY (t ->> 'attempt')::int) FROM job_history, jsonb_array_elements(tries) t WHERE id = $1", id));
        Assert.Equal(3, await host.ScalarAsync<int>("SELECT attempts FROM job_history WHERE id = $1", id));
    }

    [Fact]
    public async Task After_its_last_attempt_a_job_is_dead_and_grouped_by_what_does_not_vary()
    {
        await using var worker = await host.StartWorkerAsync("one", _queue);
        var id = await host.EnqueueAsync(JobHost.New<ActsJob>(new { fail_times = 99 }, _queue));
        await host.EndsAsync(id, JobStatus.Dead);
        Assert.Equal("Failed at 10.0.0.3.", await host.ScalarAsync<string>("SELECT error FROM job_history WHERE id = $1", id));
        Assert.DoesNotContain("10.0.0.3", await host.ScalarAsync<string>("SELECT error_pattern FROM job_history WHERE id = $1", id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_called_service_that_asks_for_time_is_given_it()
    {
        await using var worker = await host.StartWorkerAsync("one", _queue);
        var id = await host.EnqueueAsync(JobHost.New<ActsJob>(new { fail_times = 1, retry_after_ms = 3_600_000 }, _queue));
        await host.EndsAsync(id, JobStatus.Failed);
        Assert.True(await host.ScalarAsync<TimeSpan>("SELECT run_at - now() FROM jobs WHERE id = $1", id) > TimeSpan.FromMinutes(59));
    }

    [Fact]
    public async Task A_handler_that_neither_ends_nor_stops_costs_its_place_nothing_and_its_job_dies()
    {
        await using var worker = await host.StartWorkerAsync("one", _queue, places: 1);
        var id = await host.EnqueueAsync(JobHost.New<StubbornJob>(null, _queue));
        var next = await host.EnqueueAsync(JobHost.New<ActsJob>(new { text = "next" }, _queue));
        await host.EndsAsync(id, JobStatus.Dead);
        Assert.Contains("did not stop when told", await host.ScalarAsync<string>("SELECT error FROM job_history WHERE id = $1", id), StringComparison.Ordinal);
        await host.EndsAsync(next, JobStatus.Succeeded);
        StubbornJob.Release.Set();
    }

    [Theory]
    [InlineData("cycle", JobStatus.Dead)] // which is no JSON
    [InlineData("number", JobStatus.Succeeded)] // which no PostgreSQL holds: the job did its work, what it came to is lost
    [InlineData("text", JobStatus.Dead)]
    public async Task What_cannot_be_kept_holds_up_nobody_else(string text, string status)
    {
        await using var worker = await host.StartWorkerAsync("one", _queue, places: 1);
        var jobs = await host.Queue.EnqueueAsync(
            [JobHost.New<UnwritableJob>(new { text }, _queue), .. Enumerable.Range(0, 20).Select(_ => JobHost.New<ActsJob>(null, _queue))], Ct);
        await host.EndsAsync(jobs[0].Id, status);
        await host.EndsAsync(jobs[^1].Id, JobStatus.Succeeded);
        Assert.Equal(20L, await host.ScalarAsync<long>("SELECT count(*) FROM job_history WHERE queue = $1 AND type = 'test.acts'", _queue));
    }

    [Fact]
    public async Task Cancelling_reaches_a_job_that_runs()
    {
        await using var worker = await host.StartWorkerAsync("one", _queue);
        var id = await host.EnqueueAsync(JobHost.New<ActsJob>(new { text = "waits", waits = true }, _queue));
        await host.EndsAsync(id, JobStatus.Running);
        await Eventually.SeesAsync(() => host.ScalarAsync<string>("SELECT progress_note FROM jobs WHERE id = $1", id), note => note == "half way");
        await host.ExecuteAsync("UPDATE jobs SET is_cancelled = true WHERE id = $1", id);
        worker.Bell.Ring();
        await host.EndsAsync(id, JobStatus.Cancelled);
    }

    [Fact]
    public async Task A_worker_that_ends_hands_its_jobs_back_and_no_attempt_counts()
    {
        long id;
        await using (var worker = await host.StartWorkerAsync("one", _queue))
        {
            id = await host.EnqueueAsync(JobHost.New<ActsJob>(new { waits = true }, _queue));
            await host.EndsAsync(id, JobStatus.Running);
        }

        Assert.Equal(JobStatus.Queued, await host.StatusAsync(id));
        Assert.Equal(0, await host.ScalarAsync<int>("SELECT attempts FROM jobs WHERE id = $1", id));
    }

    [Fact]
    public async Task A_worker_that_was_taken_for_lost_can_end_nothing_and_its_handler_is_told()
    {
        await using var first = await host.StartWorkerAsync("first", _queue, places: 1);
        var id = await host.EnqueueAsync(JobHost.New<CommitsJob>(new { waits = true }, _queue));
        await host.EndsAsync(id, JobStatus.Running);
        var lost = first.Id;
        await host.ExecuteAsync("UPDATE job_workers SET lease_until = now() - interval '1 second', state = 'lost' WHERE id = $1", lost);
        await host.ExecuteAsync("UPDATE jobs SET payload = '{}' WHERE id = $1", id); // The next attempt does not wait.
        await host.Lease.TakeOverAsync(Ct);
        await host.EndsAsync(id, JobStatus.Succeeded);
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM effects WHERE job_id = $1", id));
        Assert.Equal(2, await host.ScalarAsync<int>("SELECT attempt FROM effects WHERE job_id = $1", id));
        await Eventually.SeesAsync(() => Task.FromResult(first.Id), number => number != lost); // It goes on under another number.
    }

    [Fact]
    public async Task What_was_handed_out_by_a_statement_whose_answer_was_lost_is_handed_back()
    {
        await using var worker = await host.StartWorkerAsync("one", _queue, leaseSeconds: 60);
        await Eventually.SeesAsync(() => Task.FromResult(worker.Id), id => id > 0);
        var id = await host.EnqueueAsync(JobHost.New<ActsJob>(new { text = "late" }, $"{_queue}-x"));
        Assert.Single(await host.Claims.TakeAsync(worker.Id, $"{_queue}-x", [0, 1, 2, 3], 1, Ct)); // Which the worker does not know of.
        await host.ExecuteAsync("UPDATE jobs SET queue = $2, started_at = now() - interval '6 seconds' WHERE id = $1", id, _queue);
        await host.EndsAsync(id, JobStatus.Succeeded);
        Assert.Equal(1, await host.ScalarAsync<int>("SELECT attempts FROM job_history WHERE id = $1", id)); // It never ran before.
    }

    [Fact]
    public async Task A_handler_is_told_when_the_lease_cannot_be_renewed_in_time()
    {
        await using var worker = await host.StartWorkerAsync("one", _queue);
        var id = await host.EnqueueAsync(JobHost.New<ActsJob>(new { waits = true }, _queue));
        await host.EndsAsync(id, JobStatus.Running);
        var number = worker.Id;
        await using var connection = await host.Db.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using var hold = new NpgsqlCommand("SET LOCAL idle_in_transaction_session_timeout = 0; SELECT FROM job_workers FOR UPDATE", connection);
        await hold.ExecuteNonQueryAsync(Ct);
        await host.EndsAsync(id, JobStatus.Queued); // Handed back by whoever was told, as nobody else can take it over while the row is held.
        await transaction.RollbackAsync(Ct);
        await Eventually.SeesAsync(() => Task.FromResult(worker.Id), next => next != number);
    }

    [Fact]
    public async Task What_was_fetched_ahead_is_not_to_blame_for_the_loss_of_its_worker()
    {
        var jobs = await host.Queue.EnqueueAsync([.. Enumerable.Range(0, 5).Select(_ => JobHost.New<ActsJob>(null, _queue))], Ct);
        var ids = jobs.Select(job => job.Id).ToArray();
        var worker = await host.Lease.BeginAsync(Ct);
        await host.ExecuteAsync("UPDATE job_workers SET queues = jsonb_build_object($2::text, 2) WHERE id = $1", worker, _queue); // Two places.
        Assert.Equal(5, (await host.Claims.TakeAsync(worker, _queue, [0, 1, 2, 3], 5, Ct)).Count);
        await host.ExecuteAsync("UPDATE job_workers SET lease_until = now() - interval '1 second' WHERE id = $1", worker);
        await host.Lease.TakeOverAsync(Ct);
        Assert.Equal(
            "1 1 0 0 0", await host.ScalarAsync<string>("SELECT string_agg(crashes::text, ' ' ORDER BY id) FROM jobs WHERE id = ANY ($1)", ids));
    }

    [Fact]
    public async Task What_three_workers_were_lost_with_is_dead_and_says_so()
    {
        var id = await host.EnqueueAsync(JobHost.New<ActsJob>(null, _queue));
        for (var crash = 1; crash <= 3; crash++)
        {
            Assert.Equal(JobStatus.Queued, await host.StatusAsync(id));
            var worker = await host.Lease.BeginAsync(Ct);
            await host.ExecuteAsync("UPDATE job_workers SET queues = jsonb_build_object($2::text, 1) WHERE id = $1", worker, _queue);
            Assert.Single(await host.Claims.TakeAsync(worker, _queue, [0, 1, 2, 3], 1, Ct));
            await host.ExecuteAsync("UPDATE job_workers SET lease_until = now() - interval '1 second' WHERE id = $1", worker);
            await host.Lease.TakeOverAsync(Ct);
        }

        Assert.Equal(JobStatus.Dead, await host.StatusAsync(id));
        Assert.Contains("Three workers were lost", await host.ScalarAsync<string>("SELECT error FROM job_history WHERE id = $1", id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_workers_and_lost_leases_run_each_job_once()
    {
        const int Jobs = 400;
        await host.ExecuteAsync("DELETE FROM effects");
        await host.Queue.EnqueueAsync([.. Enumerable.Range(0, Jobs).Select(_ => JobHost.New<CommitsJob>(null, _queue) with { MaxAttempts = 100 })], Ct);
        await using var one = await host.StartWorkerAsync("one", _queue, places: 3);
        await using var two = await host.StartWorkerAsync("two", _queue, places: 3);
        for (var i = 0; i < 5; i++)
        {
            await host.ExecuteAsync("UPDATE job_workers SET state = 'lost' WHERE id IN ($1, $2) AND state = 'live'", one.Id, i % 2 == 0 ? two.Id : one.Id);
            await host.ExecuteAsync("UPDATE jobs SET crashes = 0 WHERE queue = $1", _queue);
            await host.Lease.TakeOverAsync(Ct);
        }

        await Eventually.SeesAsync(
            () => host.ScalarAsync<long>("SELECT count(*) FROM job_history WHERE queue = $1 AND status = 'succeeded'", _queue), ended => ended == Jobs);
        Assert.Equal(Jobs, await host.ScalarAsync<long>("SELECT count(*) FROM effects"));
        Assert.Equal(Jobs, await host.ScalarAsync<long>("SELECT count(DISTINCT job_id) FROM effects"));
    }

    [Fact]
    public async Task A_job_of_a_transaction_that_rolls_back_never_was()
    {
        await using (var connection = await host.Db.OpenConnectionAsync(Ct))
        {
            await using var transaction = await connection.BeginTransactionAsync(Ct);
            await JobQueue.EnqueueAsync(connection, [JobHost.New<ActsJob>(null, _queue) with { UniqueKey = _queue, UniqueUntil = UniqueUntil.Ends }], Ct);
            await transaction.RollbackAsync(Ct);
        }

        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM jobs WHERE queue = $1", _queue));
        var again = JobHost.New<ActsJob>(null, _queue) with { UniqueKey = _queue, UniqueUntil = UniqueUntil.Ends };
        Assert.False((await host.Queue.EnqueueAsync([again], Ct))[0].Duplicate);
    }

    [Theory]
    [InlineData(UniqueUntil.Starts)]
    [InlineData(UniqueUntil.Ends)]
    [InlineData(UniqueUntil.Expires)]
    internal async Task A_key_is_taken_for_as_long_as_it_says(UniqueUntil until)
    {
        var job = JobHost.New<ActsJob>(null, _queue) with { UniqueKey = _queue, UniqueUntil = until, UniqueFor = TimeSpan.FromHours(1) };
        var first = (await host.Queue.EnqueueAsync([job], Ct))[0];
        Assert.Equal(first with { Duplicate = true }, (await host.Queue.EnqueueAsync([job], Ct))[0]);

        var worker = await host.Lease.BeginAsync(Ct);
        var taken = Assert.Single(await host.Claims.TakeAsync(worker, _queue, [0, 1, 2, 3], 10, Ct));
        Assert.Equal(until != UniqueUntil.Starts, (await host.Queue.EnqueueAsync([job], Ct))[0].Duplicate);

        await host.Ends.WriteAsync(worker, [JobEnd.Succeeded(taken, null, TimeSpan.Zero)], Ct);
        if (until != UniqueUntil.Starts)
        {
            Assert.Equal(until == UniqueUntil.Expires, (await host.Queue.EnqueueAsync([job], Ct))[0].Duplicate);
        }

        await host.ExecuteAsync("UPDATE job_keys SET expires_at = now() - interval '1 second' WHERE key = $1 AND expires_at <> 'infinity'", _queue);
        Assert.Equal(until != UniqueUntil.Expires, (await host.Queue.EnqueueAsync([job], Ct))[0].Duplicate);
    }

    [Fact]
    public async Task Jobs_wait_for_those_before_them()
    {
        var pair = await host.Queue.EnqueueAsync([JobHost.New<ActsJob>(null, _queue), JobHost.New<ActsJob>(null, _queue)], Ct);
        var first = pair.Select(job => job.Id).ToArray();
        var last = await host.EnqueueAsync(JobHost.New<ActsJob>(null, _queue) with { After = first });
        Assert.Equal(JobStatus.Scheduled, await host.StatusAsync(last));
        var worker = await host.Lease.BeginAsync(Ct);
        var taken = await host.Claims.TakeAsync(worker, _queue, [0, 1, 2, 3], 10, Ct);
        Assert.Equal(first, taken.Select(job => job.Id));
        await host.Ends.WriteAsync(worker, [JobEnd.Succeeded(taken[0], null, TimeSpan.Zero)], Ct);
        Assert.Equal(JobStatus.Scheduled, await host.StatusAsync(last));
        await host.Ends.WriteAsync(worker, [JobEnd.Succeeded(taken[1], null, TimeSpan.Zero)], Ct);
        Assert.Equal(JobStatus.Queued, await host.StatusAsync(last));
    }

    [Fact]
    public async Task One_that_begins_to_wait_while_the_other_ends_is_not_forgotten()
    {
        var first = await host.EnqueueAsync(JobHost.New<ActsJob>(null, _queue));
        var worker = await host.Lease.BeginAsync(Ct);
        var taken = await host.Claims.TakeAsync(worker, _queue, [0, 1, 2, 3], 10, Ct);
        await using var connection = await host.Db.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        var (jobs, _) = await JobQueue.EnqueueAsync(connection, [JobHost.New<ActsJob>(null, _queue) with { After = [first] }], Ct);
        var ending = host.Ends.WriteAsync(worker, [JobEnd.Succeeded(taken[0], null, TimeSpan.Zero)], Ct);
        await Eventually.SeesAsync(() => host.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"), n => n > 0);
        await transaction.CommitAsync(Ct);
        Assert.Equal(1, await ending);
        Assert.Equal(JobStatus.Queued, await host.StatusAsync(jobs![0].Id));
    }

    [Fact]
    public async Task High_priorities_go_first_and_low_ones_are_not_kept_waiting_for_ever()
    {
        var low = await host.EnqueueAsync(JobHost.New<ActsJob>(new { text = "low" }, _queue) with { Priority = 3 });
        await host.Queue.EnqueueAsync([.. Enumerable.Range(0, 300).Select(_ => JobHost.New<ActsJob>(new { text = "high" }, _queue) with { Priority = 0 })], Ct);
        await using var worker = await host.StartWorkerAsync("one", _queue, places: 1);
        await host.EndsAsync(low, JobStatus.Succeeded);
        await Eventually.SeesAsync(() => Task.FromResult(worker.Heard.Texts.Count), count => count == 301);
        var order = worker.Heard.Texts.ToList();
        Assert.Equal("high", order[0]);
        Assert.InRange(order.IndexOf("low"), 1, 299);
    }

    [Fact]
    public async Task Nobody_who_polls_by_id_misses_a_job_however_long_its_transaction_takes()
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var committed = new System.Collections.Concurrent.ConcurrentBag<long>();
        var writers = Enumerable.Range(0, 6).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 30; i++)
            {
                await using var connection = await host.Db.OpenConnectionAsync(Ct);
                await using var transaction = await connection.BeginTransactionAsync(Ct);
                var (jobs, _) = await JobQueue.EnqueueAsync(
                    connection, [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => JobHost.New<ActsJob>(null, _queue))], Ct);
                await using var slow = new NpgsqlCommand("SELECT pg_sleep($1)", connection);
                slow.With(random.NextDouble() / 50);
                await slow.ExecuteNonQueryAsync(Ct);
                if (random.Next(4) == 0)
                {
                    await transaction.RollbackAsync(Ct);
                    continue;
                }

                await transaction.CommitAsync(Ct);
                foreach (var job in jobs!)
                {
                    committed.Add(job.Id);
                }
            }
        }, Ct)).ToList();
        var seen = new HashSet<long>();
        var cursor = 0L;
        for (var isLast = false; !isLast;)
        {
            isLast = writers.TrueForAll(writer => writer.IsCompleted);
            var visible = await host.ScalarAsync<long>("SELECT visible FROM jobs_end()");
            await using var command = host.Db.CreateCommand("SELECT id FROM jobs WHERE queue = $1 AND id > $2 AND id <= $3 ORDER BY id");
            command.With(_queue, cursor, visible);
            await using var reader = await command.ExecuteReaderAsync(Ct);
            while (await reader.ReadAsync(Ct))
            {
                seen.Add(cursor = reader.GetInt64(0));
            }

            Assert.True(visible >= 0);
            cursor = Math.Max(cursor, visible);
        }

        await Task.WhenAll(writers);
        Assert.Empty(committed.Except(seen));
        Assert.Equal(committed.Count, seen.Count);
    }
}
