using Bayou.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>The partitions of all resolutions' tables, made ahead and dropped whole.</summary>
internal sealed class WindowPartitions(NpgsqlDataSource db, IOptions<MetricsOptions> options)
{
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(2);

    /// <summary>Makes the partitions of these moments, where missing.</summary>
    public async Task EnsureAsync(Resolution resolution, IEnumerable<DateTimeOffset> times, CancellationToken ct)
    {
        foreach (var partition in times.Select(resolution.PartitionOf).Distinct())
        {
            await TablePartitions.EnsureAsync(
                db, resolution.Table, resolution.PartitionName(partition), partition, resolution.PartitionEnd(partition), ct);
        }
    }

    /// <summary>Makes, for each resolution, the partitions of every day that an observation may belong to from now until two days ahead.</summary>
    public async Task EnsureAsync(DateTimeOffset now, CancellationToken ct)
    {
        var days = options.Value.RetentionDays;
        foreach (var resolution in Resolution.All)
        {
            await EnsureAsync(resolution, Enumerable.Range(-days, days + Ahead.Days + 1).Select(day => now.AddDays(day)), ct);
        }
    }

    /// <summary>
    /// Drops partitions that ended more than a day before their retention does, and returns their names. One with windows that are not
    /// rolled up yet waits for that, and all wait for what was acknowledged long ago and may still belong into them.
    /// </summary>
    public async Task<IReadOnlyList<string>> DropAsync(DateTimeOffset now, CancellationToken ct)
    {
        var dropped = new List<string>();
        foreach (var resolution in Resolution.All)
        {
            var end = now - resolution.Retention(options.Value) - TimeSpan.FromDays(1);
            foreach (var partition in await TablePartitions.ListAsync(db, resolution.Table, ct))
            {
                if (resolution.PartitionEnd(partition) <= end && !await IsAwaitedAsync(partition, resolution.PartitionEnd(partition), ct))
                {
                    await using var drop = db.CreateCommand($"DROP TABLE IF EXISTS {resolution.PartitionName(partition)}");
                    await drop.ExecuteNonQueryAsync(ct);
                    dropped.Add(resolution.PartitionName(partition));
                }
            }
        }

        return dropped;
    }

    private async Task<bool> IsAwaitedAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            SELECT EXISTS (SELECT 1 FROM metric_marks WHERE start + make_interval(secs => seconds) > $1 AND start < $2)
                OR EXISTS (SELECT 1 FROM ingest_journal WHERE created_at < now() - interval '1 hour')
            """);
        command.With(from.UtcDateTime, to.UtcDateTime);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }
}
