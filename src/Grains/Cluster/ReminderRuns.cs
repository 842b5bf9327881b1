using Bayou.Database;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bayou.Cluster;

/// <summary>Keeps of each reminder's work where it ran last, how long it took and how it ended.</summary>
internal sealed partial class ReminderRuns(NpgsqlDataSource db, NodeIdentity node, TimeProvider time, ILogger<ReminderRuns> logger)
{
    /// <summary>Runs the work of a reminder. What it throws is recorded, and thrown on.</summary>
    public async Task RunAsync(string name, Func<Task> work)
    {
        var started = time.GetTimestamp();
        try
        {
            await work();
        }
        catch (Exception e)
        {
            await TryRecordAsync(name, time.GetElapsedTime(started), e.Message);
            throw;
        }

        await TryRecordAsync(name, time.GetElapsedTime(started), null);
    }

    private async Task TryRecordAsync(string name, TimeSpan took, string? error)
    {
        try
        {
            await RecordAsync(name, took, error);
        }
        catch (Exception e)
        {
            NotRecorded(name, e); // What it did, it did; and what it threw matters more.
        }
    }

    private async Task RecordAsync(string name, TimeSpan took, string? error)
    {
        await using var command = db.CreateCommand("""
            INSERT INTO reminder_runs AS r (name, node, started_at, seconds, error, runs, failures)
            VALUES ($1, $2, now() - make_interval(secs => $3), $3, $4, 1, $5)
            ON CONFLICT (name) DO UPDATE SET node = excluded.node, started_at = excluded.started_at, seconds = excluded.seconds,
                   error = excluded.error, runs = r.runs + 1, failures = r.failures + excluded.failures
            """);
        command.With(name, node.Name, took.TotalSeconds, error, error is null ? 0L : 1L);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What the reminder {name} did could not be recorded")]
    private partial void NotRecorded(string name, Exception exception);
}
