namespace Bayou.Metrics;

/// <summary>Merges windows into longer ones; one per cluster, key <see cref="Key"/>.</summary>
[Alias("metrics.rollup")]
public interface IRollupGrain : IGrainWithStringKey
{
    const string Key = "metrics";

    /// <summary>Does nothing but wake it. Silos of before there were schedules call it at their start.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>Merges what is over and was written since; returns how many windows of ten minutes, an hour and a day. Repeating is harmless.</summary>
    [Alias("run")]
    [ResponseTimeout("01:00:00")]
    Task<int> RunAsync(CancellationToken ct);
}
