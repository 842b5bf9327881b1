using Bayou.Database;
using Bayou.Jobs;
using Bayou.Segments;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Traces;

/// <summary>Sorts and indexes spans.</summary>
internal sealed class TraceSealJob(SegmentKeeper<SpanSegments> keeper) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("traces.seal", "Sorts and indexes segments of spans that are full or old.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct) => new { segments = await keeper.SealAllAsync(ct) };
}

internal sealed class TraceCleanupJob(SegmentKeeper<SpanSegments> keeper, NpgsqlDataSource db, IOptions<TracesOptions> options) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("traces.cleanup", "Drops spans past their retention, or past what a project's may take.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct)
    {
        var tables = await keeper.ExpireAsync(ct);

        // Two days more: one that is seen is noted once a day, and a segment is let go some minutes late.
        await using var command = db.CreateCommand("DELETE FROM span_resources WHERE seen_on < current_date - $1");
        command.With(options.Value.RetentionDays + 2);
        return new { tables, resources = await command.ExecuteNonQueryAsync(ct) };
    }
}
