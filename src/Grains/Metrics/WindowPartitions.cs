using System.Globalization;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>One partition of <c>metric_windows</c> for each UTC day, made ahead and dropped whole.</summary>
internal sealed class WindowPartitions(NpgsqlDataSource db)
{
    private const string Prefix = "metric_windows_";

    /// <summary>Makes the partitions of these moments, where missing.</summary>
    public async Task EnsureAsync(IReadOnlyCollection<DateTimeOffset> times, CancellationToken ct)
    {
        foreach (var day in times.Select(t => DateOnly.FromDateTime(t.UtcDateTime)).Distinct())
        {
            // Names and bounds cannot be parameters; both are made of a date alone.
            await using var command = db.CreateCommand(string.Create(CultureInfo.InvariantCulture, $"""
                CREATE TABLE IF NOT EXISTS {Name(day)} PARTITION OF metric_windows
                   FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00:00+00') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00:00+00')
                """));
            try
            {
                await command.ExecuteNonQueryAsync(ct);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.UniqueViolation)
            {
                // Another node made it at the same moment; IF NOT EXISTS does not cover that.
                continue;
            }
        }
    }

    /// <summary>Makes the partitions of every day that an observation may belong to from now until two days ahead.</summary>
    public Task EnsureAsync(DateTimeOffset now, int retentionDays, CancellationToken ct) =>
        EnsureAsync([.. Enumerable.Range(-retentionDays, retentionDays + 3).Select(days => now.AddDays(days))], ct);

    /// <summary>Drops partitions that ended more than a day before the retention does, and returns their names.</summary>
    public async Task<IReadOnlyList<string>> DropAsync(DateTimeOffset now, int retentionDays, CancellationToken ct)
    {
        var oldest = Name(DateOnly.FromDateTime(now.UtcDateTime.AddDays(-retentionDays - 1)));
        var expired = new List<string>();
        await using (var list = db.CreateCommand("""
            SELECT inhrelid::regclass::text FROM pg_inherits
             WHERE inhparent = 'metric_windows'::regclass AND inhrelid::regclass::text < $1
            """))
        {
            list.Parameters.Add(new() { Value = oldest });
            await using var reader = await list.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                expired.Add(reader.GetString(0));
            }
        }

        foreach (var partition in expired)
        {
            await using var drop = db.CreateCommand($"DROP TABLE IF EXISTS {partition}");
            await drop.ExecuteNonQueryAsync(ct);
        }

        return expired;
    }

    private static string Name(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{day:yyyyMMdd}");
}
