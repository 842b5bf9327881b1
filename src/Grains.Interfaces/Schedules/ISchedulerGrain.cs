namespace Bayou.Schedules;

/// <summary>Has the jobs of a project's schedules enqueued when they are due. Key: the project's id; 0 for Bayou's own.</summary>
[Alias("schedules.scheduler")]
public interface ISchedulerGrain : IGrainWithStringKey
{
    /// <summary>Looks at once, and registers the reminder by which it goes on wherever a silo is left. To be called after every change of a schedule.</summary>
    [Alias("changed")]
    Task ChangedAsync();
}
