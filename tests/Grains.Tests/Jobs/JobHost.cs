using System.Collections.Concurrent;
using Bayou.Access;
using Bayou.Cluster;
using Bayou.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>A database with workers that a test starts, freezes and ends.</summary>
public sealed class JobHost : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ServiceProvider _services = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    internal NpgsqlDataSource Db => _services.GetRequiredService<NpgsqlDataSource>();

    internal JobQueue Queue => _services.GetRequiredService<JobQueue>();

    internal JobLease Lease => _services.GetRequiredService<JobLease>();

    internal JobClaims Claims => _services.GetRequiredService<JobClaims>();

    internal JobEnds Ends => _services.GetRequiredService<JobEnds>();

    internal JobTypes Types => _services.GetRequiredService<JobTypes>();

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _services = Services("test");
        await _services.GetServices<IHostedService>().Single(service => service.GetType().Name == "Migrator").StartAsync(Ct);
        await ExecuteAsync("CREATE TABLE effects (job_id bigint NOT NULL, attempt int NOT NULL)");
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }

    internal async Task<RunningWorker> StartWorkerAsync(string node, string queue = JobType.DefaultQueue, int places = 4, int leaseSeconds = 2)
    {
        var services = Services(node, (queue, places), leaseSeconds);
        var worker = ActivatorUtilities.CreateInstance<JobWorker>(services);
        var bell = services.GetRequiredService<JobBell>();
        await bell.StartAsync(Ct);
        await worker.StartedAsync(Ct);
        return new(worker, bell, services);
    }

    internal static NewJob New<TJob>(object? payload = null, string queue = JobType.DefaultQueue)
        where TJob : IJob<TestPayload> =>
        new(1, TJob.Type, System.Text.Json.JsonSerializer.Serialize(payload ?? new { }, JobHandler.Json), "test") { Queue = queue };

    internal async Task<long> EnqueueAsync(NewJob job) => (await Queue.EnqueueAsync([job], Ct))[0].Id;

    internal async Task<T> ScalarAsync<T>(string sql, params object?[] values)
    {
        await using var command = Db.CreateCommand(sql);
        command.With(new ReadOnlySpan<object?>(values));
        return await command.ExecuteScalarAsync(Ct) is T value ? value : default!;
    }

    internal async Task<int> ExecuteAsync(string sql, params object?[] values)
    {
        await using var command = Db.CreateCommand(sql);
        command.With(new ReadOnlySpan<object?>(values));
        return await command.ExecuteNonQueryAsync(Ct);
    }

    /// <summary>The status of a job, as the API says it.</summary>
    internal Task<string> StatusAsync(long id) => ScalarAsync<string>(
        $"SELECT status FROM (SELECT id, {JobStatus.Sql} AS status FROM jobs w UNION ALL SELECT id, status FROM job_history) j WHERE id = $1", id);

    internal Task<string> EndsAsync(long id, string status) => Eventually.SeesAsync(() => StatusAsync(id), seen => seen == status);

    private ServiceProvider Services(string node, (string Name, int Places)? queue = null, int leaseSeconds = 2)
    {
        var settings = new Dictionary<string, string?>(TestSilo.AtRest)
        {
            ["Bayou:Jobs:LeaseSeconds"] = $"{leaseSeconds}", ["Bayou:Jobs:StopSeconds"] = "0",
        };
        foreach (var known in (string[])[JobType.DefaultQueue, JobType.SystemQueue, JobType.HttpQueue])
        {
            settings[$"Bayou:Jobs:Queues:{known}"] = "0";
        }

        if (queue is { } one)
        {
            settings[$"Bayou:Jobs:Queues:{one.Name}"] = $"{one.Places}";
        }

        return new ServiceCollection().AddLogging().AddTestSilo(_database.Url, node, settings).AddKeyRing()
            .AddHostedService<Migrator>()
            .AddSingleton<Heard>()
            .AddJob<ActsJob, TestPayload>().AddJob<CommitsJob, TestPayload>().AddJob<StubbornJob, TestPayload>().AddJob<UnwritableJob, TestPayload>()
            .BuildServiceProvider();
    }
}

internal sealed class RunningWorker(JobWorker worker, JobBell bell, ServiceProvider services) : IAsyncDisposable
{
    public long Id => worker.Id ?? 0;

    public Heard Heard => services.GetRequiredService<Heard>();

    public JobBell Bell => bell;

    public async ValueTask DisposeAsync()
    {
        await worker.StoppingAsync(CancellationToken.None);
        await bell.StopAsync(CancellationToken.None);
        worker.Dispose();
        await services.DisposeAsync();
    }
}

/// <summary>What jobs of a worker told a test.</summary>
internal sealed class Heard
{
    public ConcurrentQueue<string> Texts { get; } = new();
}

/// <summary>What a test has a job do.</summary>
internal sealed record TestPayload
{
    public string Text { get; init; } = "";

    public int FailTimes { get; init; }

    public int RetryAfterMs { get; init; }

    /// <summary>It runs until it is told to stop.</summary>
    public bool Waits { get; init; }
}

/// <summary>Says what it was told, fails as often as it is told, or waits.</summary>
internal sealed class ActsJob(Heard heard) : IJob<TestPayload>
{
    public static JobType Type { get; } = new("test.acts", "Acts as a test wants.")
    {
        MaxAttempts = 3, Backoff = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5)),
    };

    public async Task<object?> RunAsync(TestPayload payload, JobContext job, CancellationToken ct)
    {
        heard.Texts.Enqueue(payload.Text);
        job.Report(0.5, "half way");
        if (payload.Waits)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        }

        return job.Attempt > payload.FailTimes ? new { job.Attempt, payload.Text }
            : throw new JobException($"Failed at 10.0.0.{job.Attempt}.") { RetryAfter = TimeSpan.FromMilliseconds(payload.RetryAfterMs) };
    }
}

/// <summary>Writes a row in the transaction that ends it.</summary>
internal sealed class CommitsJob(NpgsqlDataSource db) : IJob<TestPayload>
{
    public static JobType Type { get; } = new("test.commits", "Writes a row.")
    {
        MaxAttempts = 20, Backoff = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5)),
    };

    public async Task<object?> RunAsync(TestPayload payload, JobContext job, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(CancellationToken.None);
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand("INSERT INTO effects VALUES ($1, $2)", connection);
        command.With(job.Id, job.Attempt);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
        if (payload.Waits)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // And goes on, as one that was frozen would.
        }

        await job.CompleteAsync(connection, new { done = true }, CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        return null;
    }
}

/// <summary>Takes no notice of being told to stop, and blocks a thread.</summary>
internal sealed class StubbornJob(Heard heard) : IJob<TestPayload>
{
    public static ManualResetEventSlim Release { get; } = new();

    public static JobType Type { get; } = new("test.stubborn", "Does not stop.") { MaxAttempts = 1, TimeLimit = TimeSpan.FromMilliseconds(200) };

    public Task<object?> RunAsync(TestPayload payload, JobContext job, CancellationToken ct)
    {
        heard.Texts.Enqueue("began");
        Release.Wait(CancellationToken.None);
        return Task.FromResult<object?>(null);
    }
}

/// <summary>Comes to what cannot be written, or says what cannot be stored.</summary>
internal sealed class UnwritableJob : IJob<TestPayload>
{
    public static JobType Type { get; } = new("test.unwritable", "Comes to nothing that can be kept.") { MaxAttempts = 1 };

    public Task<object?> RunAsync(TestPayload payload, JobContext job, CancellationToken ct) => payload.Text switch
    {
        "cycle" => Task.FromResult<object?>(Cycle()),
        "number" => Task.FromResult<object?>(System.Text.Json.JsonDocument.Parse("1e999999").RootElement),
        _ => throw new JobException("half a pair \uD800 and NUL \0"),
    };

    private static List<object> Cycle()
    {
        var list = new List<object>();
        list.Add(list);
        return list;
    }
}
