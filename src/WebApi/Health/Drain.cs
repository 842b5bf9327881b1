using Bayou.Cluster;

namespace Bayou.Health;

/// <summary>
/// Between being told to end and ending: requests are still taken, but readiness says no, so that a load balancer stops sending them
/// here before the door closes.
/// </summary>
internal sealed class Drain(ClusterOptions cluster, TimeProvider time) : IHostedLifecycleService
{
    private volatile bool _hasBegun;

    public bool HasBegun => _hasBegun;

    /// <summary>Before any service stops.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _hasBegun = true;
        await Task.Delay(TimeSpan.FromSeconds(cluster.DrainSeconds), time, cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
