using Bayou.Jobs;

namespace Bayou.Cluster;

internal sealed class HealthCheckJob(IGrainFactory grains) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("health.check", "Looks whether all that is acknowledged arrives, and whether every process answers.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct)
    {
        await grains.GetGrain<IHealthGrain>(IHealthGrain.Key).RunAsync(ct);
        return null;
    }
}
