using System.Globalization;
using Npgsql;

namespace Bayou.Database;

/// <summary>Partitions by time, whose names end with the day they begin: <c>_20261128</c>.</summary>
internal static class TablePartitions
{
    /// <summary>Makes one where it is missing.</summary>
    public static async Task EnsureAsync(NpgsqlDataSource db, string table, string name, DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        // Names and bounds cannot be parameters; both are made of a date alone.
        await using var command = db.CreateCommand(string.Create(CultureInfo.InvariantCulture, $"""
            CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ('{from:yyyy-MM-dd} 00:00:00+00') TO ('{to:yyyy-MM-dd} 00:00:00+00')
            """));
        try
        {
            await command.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.UniqueViolation)
        {
            // Another node made it at the same moment; IF NOT EXISTS does not cover that.
        }
    }

    /// <returns>The days on which a table's partitions begin, the first one first.</returns>
    public static async Task<List<DateTimeOffset>> ListAsync(NpgsqlDataSource db, string table, CancellationToken ct)
    {
        await using var list =
            db.CreateCommand("SELECT right(c.relname, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass ORDER BY 1");
        list.With(table);
        await using var reader = await list.ExecuteReaderAsync(ct);
        var partitions = new List<DateTimeOffset>();
        while (await reader.ReadAsync(ct))
        {
            partitions.Add(DateTimeOffset.ParseExact(reader.GetString(0), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
        }

        return partitions;
    }
}
