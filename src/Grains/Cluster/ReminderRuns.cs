using Npgsql;

namespace Bayou.Cluster;

/// <summary>Keeps of each reminder's work where it ran last, how long it took and how it ended.</summary>
internal sealed class ReminderRuns(NpgsqlDataSource db, NodeIdentity node, TimeProvider time)
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
            await RecordAsync(name, time.GetElapsedTime(started), e.Message);
            throw;
        }

        await RecordAsync(name, time.GetElapsedTime(started), null);
    }

    /// <summary>Whether a reminder has not run for longer than its period.</summary>
    public async Task<bool> IsOverdueAsync(string name, TimeSpan period)
    {
        await using var command = db.CreateCommand("SELECT NOT EXISTS (SELECT 1 FROM reminder_runs WHERE name = $1 AND started_at > now() - $2)");
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = period });
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private async Task RecordAsync(string name, TimeSpan took, string? error)
    {
        await using var command = db.CreateCommand("""
            INSERT INTO reminder_runs AS r (name, node, started_at, seconds, error, runs, failures)
            VALUES ($1, $2, now() - make_interval(secs => $3), $3, $4, 1, $5)
            ON CONFLICT (name) DO UPDATE SET node = excluded.node, started_at = excluded.started_at, seconds = excluded.seconds,
                   error = excluded.error, runs = r.runs + 1, failures = r.failures + excluded.failures
            """);
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = node.Name });
        command.Parameters.Add(new() { Value = took.TotalSeconds });
        command.Parameters.Add(new() { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text, Value = (object?)error ?? DBNull.Value });
        command.Parameters.Add(new() { Value = error is null ? 0L : 1L });
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
