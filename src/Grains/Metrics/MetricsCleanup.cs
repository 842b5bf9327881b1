using Bayou.Database;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>Makes partitions ahead, drops those past retention, and forgets what is as old.</summary>
internal sealed partial class MetricsCleanup(
    NpgsqlDataSource db, WindowPartitions partitions, IOptions<MetricsOptions> options, TimeProvider time, ILogger<MetricsCleanup> logger)
{
    // Small enough that no batch holds its locks for long.
    private const int KeyBatch = 10_000;

    public async Task RunAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await partitions.EnsureAsync(now, ct);
        var dropped = await partitions.DropAsync(await EarlierAsync(now, ct), ct);
        var keys = await ForgetKeysAsync(ct);
        await ForgetOldAsync("DELETE FROM ingest_losses WHERE minute < now() - $1", ct);
        await ForgetOldAsync("DELETE FROM service_versions WHERE last_seen < now() - $1", ct);
        await ForgetOldAsync("DELETE FROM deploys WHERE time < now() - $1", ct);
        await using (var access = db.CreateBatch())
        {
            access.BatchCommands.Add(new("SELECT audit_forget()"));
            access.BatchCommands.Add(new("DELETE FROM sessions WHERE least(revoked_at, last_used_at) < now() - interval '60 days'"));
            access.BatchCommands.Add(new("DELETE FROM sign_in_links WHERE expires_at < now() - interval '30 days'"));
            access.BatchCommands.Add(new("DELETE FROM signing_keys WHERE created_at < now() - interval '60 days'"));
            access.BatchCommands.Add(new("DELETE FROM sign_in_attempts WHERE since < now() - interval '1 day'"));
            await access.ExecuteNonQueryAsync(ct);
        }

        if (dropped.Count > 0 || keys > 0)
        {
            Cleaned(dropped.Count, keys);
        }
    }

    /// <summary>The database's clock where it is behind this one: two clocks must agree that something is old before it goes for good.</summary>
    private async Task<DateTimeOffset> EarlierAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT least(now(), $1)");
        command.With(now.UtcDateTime);
        return (DateTime)(await command.ExecuteScalarAsync(ct))!;
    }

    private async Task ForgetOldAsync(string sql, CancellationToken ct)
    {
        await using var command = db.CreateCommand(sql);
        // With the grace that partitions have.
        command.With(TimeSpan.FromDays(options.Value.RetentionDays + 1));
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<int> ForgetKeysAsync(CancellationToken ct)
    {
        var total = 0;
        int forgotten;
        do
        {
            await using var command = db.CreateCommand("""
                DELETE FROM ingest_keys WHERE ctid IN (
                    SELECT ctid FROM ingest_keys WHERE created_at < now() - interval '24 hours' LIMIT $1)
                """);
            command.With(KeyBatch);
            forgotten = await command.ExecuteNonQueryAsync(ct);
            total += forgotten;
        }
        while (forgotten == KeyBatch);

        return total;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Cleaned up: {partitions} partitions dropped, {keys} idempotency keys forgotten")]
    private partial void Cleaned(int partitions, int keys);
}
