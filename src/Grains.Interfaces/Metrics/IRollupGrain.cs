namespace Bayou.Metrics;

/// <summary>Merges windows into longer ones, by a reminder; one per cluster, key <see cref="Key"/>.</summary>
[Alias("metrics.rollup")]
public interface IRollupGrain : IGrainWithStringKey
{
    const string Key = "metrics";

    /// <summary>Registers the reminder: a run each minute.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>Merges what is over and was written since; returns how many windows of ten minutes, an hour and a day. Repeating is harmless.</summary>
    [Alias("run")]
    Task<int> RunAsync(CancellationToken ct);
}
