using Bayou.Database;
using Bayou.Jobs;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Points;

internal sealed class PointCleanupJob(PointPartitions partitions, NpgsqlDataSource db, IOptions<PointsOptions> options, TimeProvider time) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("points.cleanup", "Drops points of metrics past their retention, and series that have none any more.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct)
    {
        var tables = await partitions.DropAsync(time.GetUtcNow().AddDays(-options.Value.RetentionDays), ct);

        // Two days more: one that is seen is noted once a day.
        await using var series = db.CreateCommand("DELETE FROM point_series WHERE seen_on < current_date - $1");
        series.With(options.Value.RetentionDays + 2);
        await using var commits = db.CreateCommand("DELETE FROM point_commits WHERE ticked_at < now() - interval '7 days'");
        await commits.ExecuteNonQueryAsync(ct);
        return new { tables, series = await series.ExecuteNonQueryAsync(ct) };
    }
}
