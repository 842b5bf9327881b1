using Bayou.Cluster;

namespace Bayou.Projects;

internal sealed class ProjectKeeperGrain(ProjectKeeper keeper, FormerReminder former) : Grain, IProjectKeeperGrain, IRemindable
{
    private const string Reminder = "projects";

    public Task EnsureScheduledAsync() => Task.CompletedTask;

    public Task ReceiveReminder(string reminderName, TickStatus status) => former.TickAsync(this, Reminder, () => RunAsync(CancellationToken.None));

    public Task<int> RunAsync(CancellationToken ct) => keeper.RunAsync(ct);
}
