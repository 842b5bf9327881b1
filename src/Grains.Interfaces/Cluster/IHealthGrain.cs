namespace Bayou.Cluster;

/// <summary>Looks after the cluster as a whole; one per cluster, key <see cref="Key"/>.</summary>
[Alias("cluster.health")]
public interface IHealthGrain : IGrainWithStringKey
{
    const string Key = "cluster";

    /// <summary>Does nothing but wake it. Silos of before there were schedules call it at their start.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>Checks journal, roll-ups, partitions and nodes, and keeps what it finds. Repeating is harmless.</summary>
    [Alias("run")]
    [ResponseTimeout("01:00:00")]
    Task RunAsync(CancellationToken ct);
}
