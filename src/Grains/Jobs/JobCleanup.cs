using System.Globalization;
using Bayou.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>Makes the tables that jobs end in, and lets go what is old.</summary>
internal sealed class JobCleanup(NpgsqlDataSource db, IOptions<JobsOptions> options)
{
    private const string Done = "job_history_done";
    private const int DaysAhead = 7; // for as long as nothing else runs
    private const int DeletedAtOnce = 10_000;

    /// <summary>Makes the tables of today and the next days.</summary>
    public async Task EnsureAsync(DateTimeOffset now, CancellationToken ct)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        for (var day = -1; day <= DaysAhead; day++)
        {
            await TablePartitions.EnsureAsync(db, Done, NameOf(today.AddDays(day)), today.AddDays(day), today.AddDays(day + 1), ct);
        }
    }

    /// <returns>How many tables were dropped.</returns>
    public async Task<int> RunAsync(DateTimeOffset now, CancellationToken ct)
    {
        await EnsureAsync(now, ct);
        var dropped = 0;
        foreach (var day in await TablePartitions.ListAsync(db, Done, ct))
        {
            if (day.AddDays(options.Value.RetentionDays + 1) < now)
            {
                await using var drop = db.CreateCommand($"DROP TABLE IF EXISTS {NameOf(day)}");
                await drop.ExecuteNonQueryAsync(ct);
                dropped++;
            }
        }

        await DeleteAsync("job_history_dead", """
            finished_at < now() - $2
            AND NOT EXISTS (SELECT FROM job_waits w WHERE w.project_id = job_history_dead.project_id AND w.after_id = job_history_dead.id)
            """, options.Value.DeadRetentionDays, ct);
        await DeleteAsync("job_minutes", "minute < now() - $2", options.Value.RetentionDays, ct);
        await DeleteAsync("job_keys", "expires_at < now() - $2", 1, ct);
        await DeleteAsync(
            "job_workers", $"""
            state IN ('lost', 'stopped') AND beat_at < now() - $2
            AND NOT EXISTS (SELECT FROM jobs j WHERE j.state = {JobState.Running} AND j.worker = job_workers.id)
            """, 1, ct);
        return dropped;
    }

    private async Task DeleteAsync(string table, string isOld, int days, CancellationToken ct)
    {
        int deleted;
        do
        {
            await using var command = db.CreateCommand($"DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} WHERE {isOld} LIMIT $1)");
            command.With(DeletedAtOnce, TimeSpan.FromDays(days));
            deleted = await command.ExecuteNonQueryAsync(ct);
        }
        while (deleted == DeletedAtOnce);
    }

    private static string NameOf(DateTimeOffset day) => string.Create(CultureInfo.InvariantCulture, $"job_history_{day:yyyyMMdd}");
}

internal sealed class JobCleanupJob(JobCleanup cleanup, TimeProvider time) : IJob<NoPayload>
{
    public static JobType Type { get; } = SystemJobs.Of("jobs.cleanup", "Makes tables for the jobs of the next days, and lets go those past their retention.");

    public async Task<object?> RunAsync(NoPayload payload, JobContext job, CancellationToken ct) =>
        new { tables = await cleanup.RunAsync(time.GetUtcNow(), ct) };
}
