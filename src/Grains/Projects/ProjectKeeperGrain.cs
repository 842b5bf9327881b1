using Bayou.Cluster;

namespace Bayou.Projects;

internal sealed class ProjectKeeperGrain(ProjectKeeper keeper, ReminderRuns runs) : Grain, IProjectKeeperGrain, IRemindable
{
    private const string Reminder = "projects";
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    public Task EnsureScheduledAsync() => this.EnsureReminderAsync(Reminder, Period);

    public Task ReceiveReminder(string reminderName, TickStatus status) => runs.RunAsync(Reminder, () => RunAsync(CancellationToken.None));

    public Task<int> RunAsync(CancellationToken ct) => keeper.RunAsync(ct);
}
