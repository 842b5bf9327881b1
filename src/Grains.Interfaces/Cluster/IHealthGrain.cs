namespace Bayou.Cluster;

/// <summary>Looks after the cluster as a whole, by a reminder; one per cluster, key <see cref="Key"/>.</summary>
[Alias("cluster.health")]
public interface IHealthGrain : IGrainWithStringKey
{
    const string Key = "cluster";

    /// <summary>Registers the reminder: a run each minute.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>Checks journal, roll-ups, partitions and nodes, and keeps what it finds. Repeating is harmless.</summary>
    [Alias("run")]
    Task RunAsync(CancellationToken ct);
}
