using Bayou.Cluster;

namespace Bayou.Metrics;

internal sealed class MetricsCleanupGrain(MetricsCleanup cleanup, ReminderRuns runs) : Grain, IMetricsCleanupGrain, IRemindable
{
    private const string Reminder = "cleanup";
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10); // Often enough for processes that live for an hour.

    public Task EnsureScheduledAsync() => this.EnsureReminderAsync(Reminder, Period);

    public Task ReceiveReminder(string reminderName, TickStatus status) => runs.RunAsync(Reminder, () => RunAsync(CancellationToken.None));

    public Task RunAsync(CancellationToken ct) => cleanup.RunAsync(ct);
}
