using Bayou.Database;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>What health says of jobs.</summary>
internal static class JobHealth
{
    /// <summary>With the name of a queue: for how many milliseconds the job that is due longest waits.</summary>
    public const string Oldest = "oldest_waiting_ms.";

    public static async Task<Dictionary<string, double>> ReadAsync(NpgsqlDataSource db, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT 'workers', count(*)::float8 FROM job_workers WHERE state IN ('live', 'stopping') AND lease_until > now()
            UNION ALL
            SELECT 'scheduler_lag_ms', coalesce(greatest(0, extract(epoch FROM now() - min(next_run)) * 1000), 0)::float8 FROM schedules WHERE enabled
            UNION ALL
            SELECT '{Oldest}' || q.queue, greatest(0, extract(epoch FROM now() - min(first.run_at)) * 1000)::float8
              FROM (SELECT DISTINCT jsonb_object_keys(queues) AS queue FROM job_workers WHERE lease_until > now()) q
             CROSS JOIN generate_series(0, {JobType.LastPriority}) AS p(priority)
             CROSS JOIN LATERAL (SELECT run_at FROM jobs j WHERE j.state = {JobState.Waiting} AND j.queue = q.queue AND j.priority = p.priority
                                  ORDER BY run_at, id LIMIT 1) first
             WHERE first.run_at <= now() GROUP BY q.queue
            """);
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            figures[reader.GetString(0)] = Math.Round(reader.GetDouble(1), 1);
        }

        return figures;
    }
}
