using Bayou.Database;
using Bayou.Segments;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace Bayou.Logs;

/// <summary>
/// Knows which patterns the lines of each segment have, so that those of no line that is asked for are neither ranked nor read. What a segment has it has for
/// good: only lines that came since are looked at.
/// </summary>
internal sealed class PatternPresence([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db) : IDisposable
{
    private const long MostPatterns = 2_000_000; // of all segments together; some 40 bytes each

    private static readonly Dictionary<int, SegmentWindow> None = [];

    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = MostPatterns });

    /// <summary>The patterns that may have lines in a selection's range: in some segment their first is not after it, and their last not before.</summary>
    public async Task<HashSet<int>> OfAsync(LogSelection selection, StoredSegments segments, PatternBook book, CancellationToken ct) =>
        [.. (await OfEachAsync(selection.Of(segments), ct)).Values.SelectMany(numbers => numbers)
            .Where(number => !(selection.End <= number.Value.Start) && !(selection.Start > number.Value.End))
            .Select(number => book.Resolve(number.Key))];

    /// <summary>The numbers under which lines of each segment are stored, with the times of the first and the last of them.</summary>
    public async Task<Dictionary<int, IReadOnlyDictionary<int, SegmentWindow>>> OfEachAsync(IEnumerable<StoredSegment> segments, CancellationToken ct)
    {
        var known = segments.ToDictionary(segment => segment, segment => _known.Get<Present>(segment.Id) ?? new(0, None));
        foreach (var grown in known.Where(entry => entry.Value.UpTo < entry.Key.Bounds.MaxId).Select(entry => entry.Key).Chunk(StatementTables.Most).ToList())
        {
            var found = grown.ToDictionary(segment => segment.Id, segment => new Dictionary<int, SegmentWindow>(known[segment].Numbers));
            await using var command = db.CreateCommand(string.Join("\nUNION ALL\n", grown.Select(segment => segment.IsSealed
                ? $"SELECT segment_id, pattern_id, min(first_time), max(last_time) FROM log_counts WHERE segment_id = {segment.Id} GROUP BY 1, 2"
                : $"""
                    SELECT {segment.Id}, pattern_id, min(created_at), max(created_at) FROM {segment.Table}
                     WHERE id > {known[segment].UpTo} AND id <= {segment.Bounds.MaxId} GROUP BY 2
                    """)));
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var (numbers, number, times) = (found[reader.GetInt32(0)], reader.GetInt32(1), new SegmentWindow(reader.GetDateTime(2), reader.GetDateTime(3)));
                numbers[number] = numbers.TryGetValue(number, out var before) ? before.Around(times) : times;
            }

            foreach (var segment in grown)
            {
                known[segment] = _known.Set(
                    segment.Id, new Present(segment.Bounds.MaxId, found[segment.Id]), new MemoryCacheEntryOptions { Size = 1 + found[segment.Id].Count });
            }
        }

        return known.ToDictionary(entry => entry.Key.Id, entry => entry.Value.Numbers);
    }

    public void Dispose() => _known.Dispose();

    /// <param name="UpTo">The id of the last line that was looked at.</param>
    private sealed record Present(long UpTo, IReadOnlyDictionary<int, SegmentWindow> Numbers);
}
