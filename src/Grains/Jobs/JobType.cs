namespace Bayou.Jobs;

/// <summary>What runs jobs of one type. Made anew for each, from the services of a scope of its own.</summary>
/// <typeparam name="TPayload">Read from JSON, in which nothing may be that it does not have; its attributes say what its values must be.</typeparam>
internal interface IJob<TPayload>
    where TPayload : class
{
    /// <summary>Its name, and what holds unless a job says otherwise.</summary>
    static abstract JobType Type { get; }

    /// <summary>Does the work. May be called again for the same job: after it threw, and when its worker was lost.</summary>
    /// <param name="ct">Fires when the job is cancelled, takes too long, or is no longer this worker's.</param>
    /// <returns>What is kept as the job's result; null for nothing.</returns>
    /// <exception cref="JobException">It did not work, and how to go on is known. Any other exception is tried again like it.</exception>
    Task<object?> RunAsync(TPayload payload, JobContext job, CancellationToken ct);
}

/// <summary>A type of jobs.</summary>
/// <param name="Name">As in <c>http.request</c>.</param>
internal sealed record JobType(string Name, string Summary)
{
    public const string DefaultQueue = "default", SystemQueue = "system", HttpQueue = "http";

    /// <summary>The last of the priorities; 0 is the first.</summary>
    public const int LastPriority = 3;

    public string Queue { get; init; } = DefaultQueue;

    /// <summary>0 goes first, <see cref="LastPriority"/> last.</summary>
    public int Priority { get; init; } = 1;

    public int MaxAttempts { get; init; } = 10;

    /// <summary>How long one attempt may take.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(10);

    public Backoff Backoff { get; init; } = new(TimeSpan.FromSeconds(2), TimeSpan.FromHours(1));

    /// <summary>Bayou's own work: it belongs to no project, and owners alone ask for it.</summary>
    public bool IsSystem { get; init; }
}

/// <summary>
/// How long a job waits after an attempt that failed: a random time up to a bound that doubles with each (exponential back-off with full jitter; Brooker,
/// "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), so that what failed together does not come back together.
/// </summary>
/// <param name="First">The bound after the first attempt.</param>
/// <param name="Longest">Which the bound never exceeds.</param>
internal sealed record Backoff(TimeSpan First, TimeSpan Longest)
{
    /// <param name="attempts">That have failed; 1 or more.</param>
    /// <param name="random">0 to 1.</param>
    public TimeSpan After(int attempts, double random) => Bound(attempts) * random;

    public TimeSpan Bound(int attempts) => TimeSpan.FromSeconds(Math.Min(First.TotalSeconds * Math.Pow(2, attempts - 1), Longest.TotalSeconds));
}

/// <summary>A job did not work.</summary>
internal sealed class JobException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What was called asked not to be called again before; the job waits at least so long.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether it will never work: then it is dead at once.</summary>
    public bool IsFinal { get; init; }

    /// <summary>What was answered, kept beside the attempt.</summary>
    public string? Detail { get; init; }

    /// <summary>Kept as the job's result all the same.</summary>
    public object? Result { get; init; }
}

/// <summary>The job is no longer this worker's: whatever it does from here on must not count.</summary>
internal sealed class JobLostException() : Exception("This job is no longer this worker's, or has ended.");
