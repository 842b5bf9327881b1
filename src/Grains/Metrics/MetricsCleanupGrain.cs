using Bayou.Cluster;

namespace Bayou.Metrics;

internal sealed class MetricsCleanupGrain(MetricsCleanup cleanup, FormerReminder former) : Grain, IMetricsCleanupGrain, IRemindable
{
    private const string Reminder = "cleanup";

    public Task EnsureScheduledAsync() => Task.CompletedTask;

    public Task ReceiveReminder(string reminderName, TickStatus status) => former.TickAsync(this, Reminder, () => RunAsync(CancellationToken.None));

    public Task RunAsync(CancellationToken ct) => cleanup.RunAsync(ct);
}
