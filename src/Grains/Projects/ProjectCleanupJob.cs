using Bayou.Jobs;

namespace Bayou.Projects;

internal sealed class ProjectCleanupJob(IGrainFactory grains) : IJob<NoPayload>
{
    public static JobType Type { get; } =
        SystemJobs.Of("projects.cleanup", "Lets go what projects had that were deleted 30 days ago.") with { TimeLimit = TimeSpan.FromHours(6) };

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct) =>
        new { projects = await grains.GetGrain<IProjectKeeperGrain>(IProjectKeeperGrain.Key).RunAsync(ct) };
}
