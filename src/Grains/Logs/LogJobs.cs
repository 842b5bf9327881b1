using Bayou.Jobs;

namespace Bayou.Logs;

/// <summary>Seals what the grain has not yet; also wakes the grain, which looks every few seconds.</summary>
internal sealed class LogSealJob(IGrainFactory grains) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("logs.seal", "Sorts and indexes segments of log lines that are full or old.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct) =>
        new { segments = await grains.GetGrain<ILogKeeperGrain>(ILogKeeperGrain.Key).RunAsync(ct) };
}

internal sealed class LogCleanupJob(IGrainFactory grains) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("logs.cleanup", "Drops log lines past their retention, and patterns that no line has any more.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct) =>
        new { tables = await grains.GetGrain<ILogKeeperGrain>(ILogKeeperGrain.Key).CleanUpAsync(ct) };
}
