using Bayou.Database;
using Npgsql;

namespace Bayou.Cluster;

/// <summary>
/// A reminder of before there were schedules. It goes on for as long as a silo lives that knows nothing of jobs, and then ends: a schedule does its work.
/// </summary>
internal sealed class FormerReminder(NpgsqlDataSource db, ReminderRuns runs)
{
    private static readonly TimeSpan NewestWorker = TimeSpan.FromMinutes(1);

    public async Task TickAsync(Grain grain, string name, Func<Task> work)
    {
        if (await IsNeededAsync())
        {
            await runs.RunAsync(name, work);
            return;
        }

        if (await grain.GetReminder(name) is { } reminder)
        {
            await grain.UnregisterReminder(reminder);
        }

        await using var forget = db.CreateCommand("DELETE FROM reminder_runs WHERE name = $1");
        forget.With(name);
        await forget.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Whether a silo lives that has no worker.</summary>
    private async Task<bool> IsNeededAsync()
    {
        await using var command = db.CreateCommand("""
            SELECT EXISTS (SELECT FROM cluster_nodes n
                            WHERE 'silo' = ANY (n.roles) AND n.stopped_at IS NULL AND n.beat_at > now() - $1
                              AND NOT EXISTS (SELECT FROM job_workers w WHERE w.node = n.name AND w.beat_at > now() - $2))
            """);
        command.With(Heartbeats.Silence, NewestWorker);
        return (bool)(await command.ExecuteScalarAsync())!;
    }
}
