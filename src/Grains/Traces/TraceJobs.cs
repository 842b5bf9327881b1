using Bayou.Database;
using Bayou.Jobs;
using Bayou.Segments;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Traces;

/// <summary>Sorts and indexes spans.</summary>
internal sealed class TraceSealJob(SegmentKeeper<SpanSegments> keeper, TraceSampler sampler) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of(
        "traces.seal", "Decides which traces are kept past a project's budget; sorts and indexes segments of spans that are full or old.");

    /// <remarks>What came after the decision waits for the next.</remarks>
    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct)
    {
        var (dropped, decidedUpTo) = await sampler.DecideAsync(ct);
        return new { dropped, segments = await keeper.SealAllAsync(ct, decidedUpTo) };
    }
}

internal sealed class TraceCleanupJob(
    SegmentKeeper<SpanSegments> keeper, TraceSampler sampler, NpgsqlDataSource db, IOptions<TracesOptions> options) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("traces.cleanup", "Drops spans past their retention, or past what a project's may take.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct)
    {
        var tables = await keeper.ExpireAsync(ct);

        await sampler.ForgetAsync(ct);

        // Two days more: one that is seen is noted once a day, and a segment is let go late by as much as it spans.
        await using var command = db.CreateCommand(
            """
            DELETE FROM span_resources r
            WHERE seen_on < current_date - $1 AND NOT EXISTS (SELECT FROM point_series p WHERE p.resource_id = r.id)
            """);
        command.With(options.Value.RetentionDays + 2 + (options.Value.RetentionDays / 24) + 1);
        return new { tables, resources = await command.ExecuteNonQueryAsync(ct) };
    }
}
