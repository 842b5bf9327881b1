namespace Bayou.Jobs;

/// <summary>Bayou's own jobs, of schedules that come again soon: one that fails is tried a few times.</summary>
internal static class SystemJobs
{
    public static JobType Of(string name, string summary) => new(name, summary)
    {
        IsSystem = true, Queue = JobType.SystemQueue, MaxAttempts = 3, TimeLimit = TimeSpan.FromHours(1),
    };
}
