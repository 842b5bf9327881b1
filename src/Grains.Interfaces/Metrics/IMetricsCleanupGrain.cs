namespace Bayou.Metrics;

/// <summary>Keeps the metrics tables in shape; one per cluster, key <see cref="Key"/>.</summary>
[Alias("metrics.cleanup")]
public interface IMetricsCleanupGrain : IGrainWithStringKey
{
    const string Key = "metrics";

    /// <summary>Does nothing but wake it. Silos of before there were schedules call it at their start.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>Makes partitions ahead, drops those past retention, forgets old idempotency keys. Repeating is harmless.</summary>
    [Alias("run")]
    [ResponseTimeout("01:00:00")]
    Task RunAsync(CancellationToken ct);
}
