using Bayou.Database;
using Npgsql;

namespace Bayou.Cluster;

internal sealed class HealthGrain(NpgsqlDataSource db, FormerReminder former) : Grain, IHealthGrain, IRemindable
{
    private const string Reminder = "health";

    public Task EnsureScheduledAsync() => Task.CompletedTask;

    public Task ReceiveReminder(string reminderName, TickStatus status) => former.TickAsync(this, Reminder, () => RunAsync(CancellationToken.None));

    public async Task RunAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            INSERT INTO health_checks (name, message, checked_at)
            SELECT name, nullif(message, ''), now() FROM (
                SELECT 'journal', (SELECT CASE WHEN min(created_at) < now() - interval '2 minutes'
                    THEN format('Since %s ago something acknowledged is not in its window.', date_trunc('second', now() - min(created_at))) ELSE '' END
                        FROM ingest_journal)
                UNION ALL
                SELECT 'rollups', (SELECT CASE WHEN min(greatest(created_at, start + make_interval(secs => seconds))) < now() - interval '30 minutes'
                    THEN format('%s windows wait to be rolled up for too long.', count(*)) ELSE '' END FROM metric_marks
                     WHERE start + make_interval(secs => seconds) < now())
                UNION ALL
                SELECT 'partitions', CASE WHEN to_regclass('metric_windows_' || to_char(now() AT TIME ZONE 'utc' + interval '1 day', 'YYYYMMDD')) IS NULL
                    THEN 'Tomorrow has no partition yet.' ELSE '' END
                UNION ALL
                SELECT 'nodes', coalesce((SELECT string_agg(name, ', ' ORDER BY name) || ' no longer answer.' FROM cluster_nodes n
                     WHERE stopped_at IS NULL AND beat_at < now() - $1
                       AND NOT EXISTS (SELECT 1 FROM cluster_nodes later WHERE later.name = n.name AND later.started_at > n.started_at)), '')
            ) checks (name, message)
            ON CONFLICT (name) DO UPDATE SET message = excluded.message, checked_at = excluded.checked_at
            """);
        command.With(Heartbeats.Silence);
        await command.ExecuteNonQueryAsync(ct);
    }
}
