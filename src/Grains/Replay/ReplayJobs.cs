using Bayou.Jobs;
using Bayou.Segments;

namespace Bayou.Replay;

/// <summary>Sorts and indexes what was captured, and writes anew what something was deleted from.</summary>
internal sealed class ReplaySealJob(SegmentKeeper<SnapshotSegments> keeper) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("replay.seal", "Sorts and indexes segments of captured requests that are full or old.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct) => new { segments = await keeper.SealAllAsync(ct) };
}

internal sealed class ReplayCleanupJob(SegmentKeeper<SnapshotSegments> keeper, ReplayStore store) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("replay.cleanup", "Drops captured requests past their retention, or past what a project's may take.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct) =>
        new { tables = await keeper.ExpireAsync(ct), replays = await store.ForgetAsync(ct) };
}
