using System.Globalization;
using Bayou.Database;
using Npgsql;

namespace Bayou.Points;

/// <summary>The table of points by days, made when they are first written to and dropped whole.</summary>
internal sealed class PointPartitions(NpgsqlDataSource db)
{
    public const string Table = "points";

    private readonly HashSet<DateTime> _made = [];

    /// <summary>Makes the partitions of these days, where missing. One tick at a time.</summary>
    public async Task EnsureAsync(IEnumerable<DateTime> days, CancellationToken ct)
    {
        foreach (var day in days.Where(day => !_made.Contains(day)))
        {
            await TablePartitions.EnsureAsync(db, Table, NameOf(day), day, day.AddDays(1), ct);
            _made.Add(day);
        }
    }

    /// <summary>Drops those whose newest point is past its retention.</summary>
    public async Task<int> DropAsync(DateTimeOffset oldest, CancellationToken ct)
    {
        var gone = (await TablePartitions.ListAsync(db, Table, ct)).Where(day => day.AddDays(2) <= oldest).ToList(); // a day more than must be
        foreach (var day in gone)
        {
            await using var drop = db.CreateCommand($"DROP TABLE IF EXISTS {NameOf(day.UtcDateTime)}");
            await drop.ExecuteNonQueryAsync(ct);
        }

        return gone.Count;
    }

    private static string NameOf(DateTime day) => string.Create(CultureInfo.InvariantCulture, $"{Table}_{day:yyyyMMdd}");
}
