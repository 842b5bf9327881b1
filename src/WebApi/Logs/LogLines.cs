using Bayou.Database;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Reads lines.</summary>
internal sealed class LogLines([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, PatternRegistry patterns)
    : SegmentReader<LogRow>(db, LogRow.Columns)
{
    // A statement locks every table and index it names; most that are looked for are in the newest.
    private const int FirstGroup = 4;
    private const int LargestGroup = 32;

    /// <summary>The newest lines of each of some patterns, by the numbers they are stored under.</summary>
    /// <param name="each">Of a number, at most; others may come with them.</param>
    public async Task<List<LogRow>> NewestOfEachAsync(
        LogSelection selection, StoredSegments segments, long[] numbers, int each, CancellationToken ct)
    {
        var rows = new List<LogRow>();
        var queue = selection.Of(segments).OrderByDescending(segment => segment.Bounds.MaxTime).ToList();
        var counts = numbers.ToDictionary(number => (int)number, _ => 0);
        for (var (at, size) = (0, FirstGroup); at < queue.Count; (at, size) = (at + size, Math.Min(size * 3, LargestGroup)))
        {
            var sql = selection.InRange();
            var wanted = sql.Parameter(counts.Where(count => count.Value < each).Select(count => count.Key).ToArray());
            var where = sql.Where;
            var found = await ReadAsync(string.Join("\nUNION ALL\n", queue.Skip(at).Take(size).Select(segment => segment.IsSealed
                ? $"""
                    (SELECT l.* FROM unnest({wanted}) number, LATERAL (
                        SELECT {LogRow.Columns} FROM {segment.Table} WHERE pattern_id = number AND {where} ORDER BY id DESC LIMIT {each}) l)
                    """
                : $"""
                    (SELECT {LogRow.Columns} FROM (
                        SELECT *, row_number() OVER (PARTITION BY pattern_id ORDER BY id DESC) AS nth FROM {segment.Table}
                         WHERE pattern_id = ANY ({wanted}) AND {where}) l WHERE nth <= {each})
                    """)), sql, ct);
            foreach (var row in found)
            {
                foreach (var number in patterns.Book.NumbersOf(row.PatternId))
                {
                    counts[number] = counts.GetValueOrDefault(number) + 1;
                }
            }

            rows.AddRange(found);
            if (counts.Values.All(count => count >= each))
            {
                break;
            }
        }

        return rows;
    }

    protected override LogRow Read(NpgsqlDataReader reader) => LogRow.Read(reader, patterns.Book);
}
