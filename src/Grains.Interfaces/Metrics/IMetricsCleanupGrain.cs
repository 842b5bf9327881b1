namespace Bayou.Metrics;

/// <summary>Keeps the metrics tables in shape, by a reminder; one per cluster, key <see cref="Key"/>.</summary>
[Alias("metrics.cleanup")]
public interface IMetricsCleanupGrain : IGrainWithStringKey
{
    const string Key = "metrics";

    /// <summary>Registers the reminder: a run in a minute, then one each ten minutes.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>Makes partitions ahead, drops those past retention, forgets old idempotency keys. Repeating is harmless.</summary>
    [Alias("run")]
    Task RunAsync(CancellationToken ct);
}
