using Bayou.Cluster;
using Bayou.Logs;
using Bayou.Metrics;
using Npgsql;

namespace Bayou.Hosting;

/// <summary>Has the reminders registered that every installation needs.</summary>
internal sealed partial class Scheduler(IGrainFactory grains, NpgsqlDataSource db) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await TakeOverAsync(db, cancellationToken);
        await grains.GetGrain<IMetricsCleanupGrain>(IMetricsCleanupGrain.Key).EnsureScheduledAsync();
        await grains.GetGrain<IRollupGrain>(IRollupGrain.Key).EnsureScheduledAsync();
        await grains.GetGrain<ILogKeeperGrain>(ILogKeeperGrain.Key).EnsureScheduledAsync();
        await grains.GetGrain<IHealthGrain>(IHealthGrain.Key).EnsureScheduledAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Makes what the other grain runtime has left in the table of reminders good for this one.</summary>
    private static partial Task TakeOverAsync(NpgsqlDataSource db, CancellationToken ct);
}
