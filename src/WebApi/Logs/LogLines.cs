using Bayou.Database;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Reads lines.</summary>
internal sealed class LogLines([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, PatternRegistry patterns, PatternPresence presence)
    : SegmentReader<LogRow>(db, LogRow.Columns)
{
    /// <summary>The newest lines of each of some patterns.</summary>
    /// <param name="each">Of a pattern, at least, where there are so many.</param>
    public async Task<List<LogRow>> NewestOfEachAsync(
        LogSelection selection, StoredSegments segments, IReadOnlyCollection<int> wanted, int each, CancellationToken ct)
    {
        var rows = new List<LogRow>();
        var missing = wanted.ToDictionary(pattern => pattern, _ => each);
        var all = patterns.Book.NumbersOf(wanted).ToLookup(patterns.Book.Resolve);
        var queue = selection.Of(segments).OrderByDescending(segment => segment.Bounds.MaxTime).ToList();
        var present = await presence.OfEachAsync(queue, ct);
        for (var size = StatementTables.First; missing.Count > 0; size = StatementTables.After(size))
        {
            var numbers = missing.Keys.SelectMany(pattern => all[pattern]).ToHashSet();
            queue.RemoveAll(segment => !present[segment.Id].Keys.Any(numbers.Contains));
            var some = queue[..Math.Min(size, queue.Count)];
            if (some.Count == 0)
            {
                break;
            }

            var sql = selection.InRange();
            var where = sql.Where;
            var parts = some.ConvertAll(segment =>
            {
                var here = sql.Parameter(present[segment.Id].Keys.Where(numbers.Contains).ToArray());
                return segment.IsSealed ? Sealed(segment, here, where, each) : Unsealed(segment, here, where, each);
            });
            var found = await ReadAsync(string.Join("\nUNION ALL\n", parts), sql, ct);
            foreach (var pattern in found.CountBy(row => row.PatternId))
            {
                missing[pattern.Key] = missing.GetValueOrDefault(pattern.Key) - pattern.Value;
            }

            foreach (var pattern in missing.Where(pattern => pattern.Value <= 0))
            {
                missing.Remove(pattern.Key);
            }

            rows.AddRange(found);
            queue.RemoveRange(0, some.Count);
        }

        return rows;
    }

    // Order by pattern_id too, though it is constant: otherwise the planner may walk the whole segment by id to find a rare line.
    private static string Sealed(StoredSegment segment, string numbers, string where, int each) => $"""
        (SELECT l.* FROM unnest({numbers}) number, LATERAL (
            SELECT {LogRow.Columns} FROM {segment.Table} WHERE pattern_id = number AND {where} ORDER BY pattern_id DESC, id DESC LIMIT {each}) l)
        """;

    // It has no index: it is read once for all patterns.
    private static string Unsealed(StoredSegment segment, string numbers, string where, int each) => $"""
        (SELECT {LogRow.Columns} FROM (
            SELECT *, row_number() OVER (PARTITION BY pattern_id ORDER BY id DESC) AS nth FROM {segment.Table} WHERE pattern_id = ANY ({numbers}) AND {where}) l
          WHERE nth <= {each})
        """;

    protected override LogRow Read(NpgsqlDataReader reader) => LogRow.Read(reader, patterns.Book);
}
