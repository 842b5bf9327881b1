namespace Bayou.Jobs;

/// <summary>What the database says of a job that has not ended, as its column has it.</summary>
internal static class JobState
{
    public const short Waiting = 0, Running = 1, Blocked = 2;
}

/// <summary>How a job is, as the API says it.</summary>
internal static class JobStatus
{
    /// <summary>It can be handed out; it is due.</summary>
    public const string Queued = "queued";

    /// <summary>It waits for its time, or for other jobs.</summary>
    public const string Scheduled = "scheduled";

    public const string Running = "running";

    /// <summary>An attempt failed, and it waits for the next.</summary>
    public const string Failed = "failed";

    public const string Succeeded = "succeeded";

    /// <summary>It failed for good.</summary>
    public const string Dead = "dead";

    public const string Cancelled = "cancelled";

    public static IReadOnlyList<string> All { get; } = [Queued, Scheduled, Running, Failed, Succeeded, Dead, Cancelled];

    public static bool HasEnded(string status) => status is Succeeded or Dead or Cancelled;

    /// <summary>The status of a row of <c>jobs</c>, in SQL.</summary>
    public static string Sql { get; } = $"""
        CASE WHEN w.state = {JobState.Running} THEN '{Running}' WHEN w.state = {JobState.Blocked} THEN '{Scheduled}'
             WHEN w.run_at <= now() THEN '{Queued}' WHEN w.error IS NOT NULL THEN '{Failed}' ELSE '{Scheduled}' END
        """;
}
