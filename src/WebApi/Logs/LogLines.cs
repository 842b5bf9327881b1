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
        LogSelection selection, StoredSegments segments, IReadOnlyCollection<int> numbers, int each, CancellationToken ct)
    {
        var rows = new List<LogRow>();
        var counts = numbers.ToDictionary(number => number, _ => 0);
        var queue = selection.Of(segments).OrderByDescending(segment => segment.Bounds.MaxTime).ToList();
        var sealedOnes = await PatternsOfAsync(queue.Where(segment => segment.IsSealed).Select(segment => segment.Id), numbers, ct);
        var size = FirstGroup;
        while (queue.Count > 0)
        {
            var wanted = counts.Where(count => count.Value < each).Select(count => count.Key).ToHashSet();
            queue.RemoveAll(segment => wanted.Count == 0 || (segment.IsSealed && !(sealedOnes.GetValueOrDefault(segment.Id)?.Overlaps(wanted) ?? false)));
            var group = queue[..Math.Min(size, queue.Count)];
            if (group.Count == 0)
            {
                break;
            }

            var sql = selection.InRange();
            var where = sql.Where;
            var parts = group.ConvertAll(segment => segment.IsSealed
                ? Sealed(segment, sql.Parameter(sealedOnes[segment.Id].Where(wanted.Contains).ToArray()), where, each)
                : Unsealed(segment, sql.Parameter(wanted.ToArray()), where, each));
            var found = await ReadAsync(string.Join("\nUNION ALL\n", parts), sql, ct);
            foreach (var number in found.SelectMany(row => patterns.Book.NumbersOf(row.PatternId)))
            {
                counts[number] = counts.GetValueOrDefault(number) + 1;
            }

            rows.AddRange(found);
            queue.RemoveRange(0, group.Count);
            size = Math.Min(size * 3, LargestGroup);
        }

        return rows;
    }

    // By pattern too, though it is but one: else the planner may walk all of a segment by its ids, for a line that is seldom.
    private static string Sealed(StoredSegment segment, string wanted, string where, int each) => $"""
        (SELECT l.* FROM unnest({wanted}) number, LATERAL (
            SELECT {LogRow.Columns} FROM {segment.Table} WHERE pattern_id = number AND {where} ORDER BY pattern_id DESC, id DESC LIMIT {each}) l)
        """;

    // It has no index: the newest of all are enough, where more than one of each is wanted.
    private static string Unsealed(StoredSegment segment, string wanted, string where, int each) => each == 1
        ? $"""
            (SELECT {LogRow.Columns} FROM {segment.Table} WHERE id IN (
                SELECT max(id) FROM {segment.Table} WHERE pattern_id = ANY ({wanted}) AND {where} GROUP BY pattern_id))
            """
        : $"""
            (SELECT {LogRow.Columns} FROM {segment.Table} WHERE pattern_id = ANY ({wanted}) AND {where}
              ORDER BY id DESC LIMIT {each} * cardinality({wanted}))
            """;

    /// <summary>Which of some patterns each sealed segment has.</summary>
    private async Task<Dictionary<int, HashSet<int>>> PatternsOfAsync(IEnumerable<int> segments, IReadOnlyCollection<int> numbers, CancellationToken ct)
    {
        await using var command = Db.CreateCommand("""
            SELECT s, p FROM unnest($1::int[]) s, unnest($2::int[]) p
             WHERE EXISTS (SELECT FROM log_counts WHERE pattern_id = p AND segment_id = s)
            """);
        command.With(segments.ToArray(), numbers.ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new Dictionary<int, HashSet<int>>();
        while (await reader.ReadAsync(ct))
        {
            (found.TryGetValue(reader.GetInt32(0), out var known) ? known : found[reader.GetInt32(0)] = []).Add(reader.GetInt32(1));
        }

        return found;
    }

    protected override LogRow Read(NpgsqlDataReader reader) => LogRow.Read(reader, patterns.Book);
}
