using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Bayou.Jobs;

/// <summary>A worker's life: from when it is given its number until it ends, or others take it for lost.</summary>
internal sealed class WorkerLife(long id) : IDisposable
{
    private readonly CancellationTokenSource _lost = new();

    public long Id => id;

    /// <summary>Fires when it can hold nothing any more.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Nobody takes it for lost before.</summary>
    public void Extend(TimeSpan until) => _lost.CancelAfter(until > TimeSpan.Zero ? until : TimeSpan.Zero);

    public void Lose() => _lost.Cancel();

    public void Dispose() => _lost.Dispose();
}

/// <summary>One job in this process, from when it was handed out until it is known how it is left.</summary>
internal sealed partial class JobRun(ClaimedJob job, WorkerLife life, JobHandler? handler, RunSurroundings around) : IDisposable
{
    /// <summary>For which a job that was told to stop is waited for. What ignores that is left behind: whatever it still says is void.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>For which what was called may ask not to be called again.</summary>
    private static readonly TimeSpan LongestWish = TimeSpan.FromDays(1);

    private readonly CancellationTokenSource _cancelled = new();

    public ClaimedJob Job => job;

    public WorkerLife Life => life;

    public long TakenAt { get; } = around.Time.GetTimestamp();

    /// <summary>Null until it runs.</summary>
    public JobContext? Context { get; private set; }

    /// <summary>Somebody asked for it to stop.</summary>
    public void Cancel()
    {
        try
        {
            _cancelled.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended.
        }
    }

    public void Dispose() => _cancelled.Dispose();

    /// <param name="stopping">Fires when this process no longer waits for its jobs.</param>
    public async Task<JobEnd> RunAsync(CancellationToken stopping)
    {
        var started = around.Time.GetTimestamp();
        try
        {
            return await RunAsync(started, stopping);
        }
        catch (Exception e) // What it came to is nothing that can be written as JSON.
        {
            return Failed(e, around.Time.GetElapsedTime(started));
        }
    }

    private async Task<JobEnd> RunAsync(long started, CancellationToken stopping)
    {
        var limit = handler?.Type.TimeLimit ?? Timeout.InfiniteTimeSpan;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_cancelled.Token, life.Lost, stopping);
        stop.CancelAfter(limit);
        Task<object?>? work = null;
        Exception? failure = null;
        try
        {
            work = Task.Run(() => CallAsync(stop.Token), CancellationToken.None); // It may block; the worker must not.
            await work.WaitAsync(stop.Token);
        }
        catch (Exception e)
        {
            failure = e;
        }

        if (!work!.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(Grace, around.Time, CancellationToken.None));
        }

        var ran = around.Time.GetElapsedTime(started);
        if (work.IsCompletedSuccessfully)
        {
            return JobEnd.Succeeded(job, await work, ran) with { IsCompleted = Context?.IsCompleted == true };
        }

        failure = work.Exception?.InnerException ?? failure!;
        return (_cancelled.IsCancellationRequested, stopping.IsCancellationRequested || life.Lost.IsCancellationRequested, stop.IsCancellationRequested) switch
        {
            (true, _, _) => JobEnd.Cancelled(job, Told("It was cancelled.", work.IsCompleted ? null : Ignored()), ran),
            (_, true, _) => JobEnd.HandedBack(job, ran),
            (_, _, true) => Failed(new JobException(
                $"It took longer than {limit}{(work.IsCompleted ? "." : ", and did not stop when told.")}"), ran),
            _ => Failed(failure, ran),
        };

        JobEnd.FailedTry Told(string error, Exception? exception) =>
            JobEnd.FailedTry.Of(job, around.Node, around.Time.GetUtcNow(), ran, error, exception);
    }

    private static TimeoutException Ignored() => new("It did not stop when told.");

    private async Task<object?> CallAsync(CancellationToken ct)
    {
        if (handler is null)
        {
            throw new JobException($"This version knows no jobs of type {job.Type}.") { IsFinal = true };
        }

        Context = new(job, life.Id, around.Logger);
        using var activity = new Activity("job");
        _ = job.TraceId is { Length: 32 } trace ? activity.SetParentId(ActivityTraceId.CreateFromString(trace), ActivitySpanId.CreateRandom()) : activity;
        activity.Start();
        using var scope = around.Logger.BeginScope(new JobScope(job, job.TraceId ?? activity.TraceId.ToHexString()));
        try
        {
            return await handler.RunAsync(around.Services, job.Payload, Context, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            AttemptFailed(around.Logger, job.Attempt, job.MaxAttempts, e.Message, e is JobException { InnerException: null } ? null : e);
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {attempt} of {most} failed: {error}")]
    private static partial void AttemptFailed(ILogger logger, int attempt, int most, string error, Exception? exception);

    /// <summary>By which a job's lines are found.</summary>
    private sealed class JobScope(ClaimedJob job, string traceId)
        : List<KeyValuePair<string, object>>([new("job_id", job.Id), new("job_type", job.Type), new("trace_id", traceId)])
    {
        public override string ToString() => $"job_id={job.Id}";
    }

    private JobEnd Failed(Exception failure, TimeSpan ran)
    {
        var known = failure as JobException;
        var error = failure.Message is { Length: > 0 } message ? message : failure.GetType().Name;
        var isLast = known?.IsFinal == true || job.Attempt >= job.MaxAttempts;
        var wait = handler is null ? TimeSpan.Zero : handler.Type.Backoff.After(job.Attempt, Random.Shared.NextDouble());
        wait = known?.RetryAfter is { } asked && asked > wait ? TimeSpan.FromTicks(Math.Min(asked.Ticks, LongestWish.Ticks)) : wait;
        return JobEnd.Failed(
            job, JobEnd.FailedTry.Of(job, around.Node, around.Time.GetUtcNow(), ran, error, failure), isLast ? null : wait, known?.Result, ran);
    }
}

/// <summary>What jobs run in.</summary>
/// <param name="Node">The process, as others know it.</param>
internal sealed record RunSurroundings(IServiceProvider Services, string Node, TimeProvider Time, ILogger Logger);
