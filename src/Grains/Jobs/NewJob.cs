namespace Bayou.Jobs;

/// <summary>Until when no other job of the same key is taken.</summary>
internal enum UniqueUntil : short { Never, Starts, Ends, Expires }

/// <summary>A job to be.</summary>
/// <param name="Project">0 for Bayou's own.</param>
/// <param name="Type">One that is known; null of its values are the type's own.</param>
/// <param name="Payload">JSON, which was checked.</param>
/// <param name="CreatedBy">As the audit log names who did something.</param>
internal sealed record NewJob(int Project, JobType Type, string Payload, string CreatedBy)
{
    public string? Queue { get; init; }

    public int? Priority { get; init; }

    public int? MaxAttempts { get; init; }

    /// <summary>From when it may run; null for now.</summary>
    public DateTime? RunAt { get; init; }

    /// <summary>After which it may run.</summary>
    public TimeSpan Delay { get; init; }

    public string? TraceId { get; init; }

    public int? Schedule { get; init; }

    public string? UniqueKey { get; init; }

    public UniqueUntil UniqueUntil { get; init; }

    /// <summary>With <see cref="UniqueUntil.Expires"/>.</summary>
    public TimeSpan UniqueFor { get; init; }

    /// <summary>Jobs of the same project that must end before.</summary>
    public IReadOnlyList<long> After { get; init; } = [];

    /// <summary>Whether any end of those will do; else they must succeed.</summary>
    public bool AfterAnyEnd { get; init; }
}

/// <summary>What became of a job that was asked for.</summary>
/// <param name="Id">Its own, or of the job that has its key.</param>
internal sealed record EnqueuedJob(long Id, bool Duplicate);
