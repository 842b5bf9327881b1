using Bayou.Metrics;

namespace Bayou.Hosting;

/// <summary>Has the reminders registered that every installation needs.</summary>
internal sealed class Scheduler(IGrainFactory grains) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        grains.GetGrain<IMetricsCleanupGrain>(IMetricsCleanupGrain.Key).EnsureScheduledAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
