using Bayou.Jobs;

namespace Bayou.Metrics;

/// <summary>Merges windows that are over into longer ones; also wakes the grain that does so every few seconds.</summary>
internal sealed class RollupJob(IGrainFactory grains) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("metrics.rollup", "Merges windows that are over into longer ones.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct) =>
        new { windows = await grains.GetGrain<IRollupGrain>(IRollupGrain.Key).RunAsync(ct) };
}

internal sealed class MetricsCleanupJob(IGrainFactory grains) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of(
        "metrics.cleanup", "Makes tables for the next days, and drops those past their retention, with what else is as old: keys, deploys, sessions.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct)
    {
        await grains.GetGrain<IMetricsCleanupGrain>(IMetricsCleanupGrain.Key).RunAsync(ct);
        return null;
    }
}
