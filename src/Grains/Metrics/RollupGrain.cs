using Bayou.Cluster;

namespace Bayou.Metrics;

internal sealed class RollupGrain(RollupWriter writer, ReminderRuns runs) : Grain, IRollupGrain, IRemindable
{
    private const string Reminder = "rollup";

    public Task EnsureScheduledAsync() => this.EnsureReminderAsync(Reminder, TimeSpan.FromMinutes(1));

    public Task ReceiveReminder(string reminderName, TickStatus status) => runs.RunAsync(Reminder, () => RunAsync(CancellationToken.None));

    public Task<int> RunAsync(CancellationToken ct) => writer.RunAsync(ct);
}
