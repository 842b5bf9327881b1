using Bayou.Cluster;
using Bayou.Logs;
using Bayou.Metrics;
using Bayou.Projects;

namespace Bayou.Hosting;

/// <summary>Has the reminders registered that every installation needs.</summary>
internal sealed class Scheduler(IGrainFactory grains) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await grains.GetGrain<IMetricsCleanupGrain>(IMetricsCleanupGrain.Key).EnsureScheduledAsync();
        await grains.GetGrain<IRollupGrain>(IRollupGrain.Key).EnsureScheduledAsync();
        await grains.GetGrain<ILogKeeperGrain>(ILogKeeperGrain.Key).EnsureScheduledAsync();
        await grains.GetGrain<IProjectKeeperGrain>(IProjectKeeperGrain.Key).EnsureScheduledAsync();
        await grains.GetGrain<IHealthGrain>(IHealthGrain.Key).EnsureScheduledAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
