using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Logs;

/// <summary>A pattern of lines in a range.</summary>
/// <param name="Title">The template without the names of members, where a message is among these.</param>
/// <param name="Level">Of most of its lines in the range, as <paramref name="Source"/> is.</param>
/// <param name="TotalCount">Of all that are stored.</param>
/// <param name="PreviousCount">In the range of the same length before.</param>
/// <param name="IsNew">The first line that is stored is in the range.</param>
/// <param name="Trend">Lines in each of the range's parts of the same length, until now.</param>
internal sealed record LogPattern(
    int PatternId, string Title, string Template, LineLevel Level, string Source, long TotalCount, long RangeCount, long PreviousCount, DateTime FirstSeen,
    DateTime LastSeen, bool IsNew, long[] Trend);

/// <param name="Total">How many there are in all.</param>
internal sealed record PatternListMetadata(int Limit, int Total, DateTime StartDate, DateTime EndDate);

/// <summary><c>GET /logs/patterns</c>: what lines have in common, by how many there are in a range.</summary>
internal sealed class LogPatternList(LogFilter filter, LogCounter counter, PatternRegistry patterns, TimeProvider time)
{
    private const int TrendParts = 24; // at most

    public static QuerySpec Spec { get; } = LogFilter.Spec(
        ("limit", "Most patterns, 1 to 1000; 50 unless told."),
        ("sort", "count, or change: by how many more there are than in the range before, new ones first."));

    public async Task<Results<ApiResult<IEnumerable<LogPattern>, PatternListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = filter.Reader(http, Spec);
        var selection = filter.Read(query);
        var limit = (int)(query.Integer("limit", 1, ListQuery.MaxLimit) ?? ListQuery.DefaultLimit);
        var byChange = query.Choice("sort", "count", "change") == "change";
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var window = SegmentWindow.Of(selection, time);
        var lines = await counter.OfAsync(query, selection, ct);
        var found = await RangeAsync(lines, window, isOpen: selection.End is null, ct);
        var before = await TotalsAsync(lines, window.Before, ct);
        var rows = byChange
            ? found.OrderByDescending(entry => !before.ContainsKey(entry.Key)).ThenByDescending(entry => entry.Value.Count - Before(entry.Key))
            : found.OrderByDescending(entry => entry.Value.Count);
        var page = rows.ThenBy(entry => entry.Key).Take(limit).ToList();
        var all = await TotalsAsync(lines, SegmentWindow.Ever, ct);
        return new ApiResult<IEnumerable<LogPattern>, PatternListMetadata>(page.Select(entry =>
        {
            var stored = all.GetValueOrDefault(entry.Key, new(entry.Value.Count, window.Start, window.End));
            return new LogPattern(
                entry.Key, patterns.Book.Title(entry.Key), patterns.Book.Template(entry.Key), entry.Value.Level, entry.Value.Source,
                stored.Count, entry.Value.Count, Before(entry.Key), stored.First, stored.Last, stored.First >= window.Start, entry.Value.Trend);
        }), new(limit, found.Count, window.Start, window.End));

        long Before(int pattern) => before.TryGetValue(pattern, out var totals) ? totals.Count : 0;
    }

    /// <param name="isOpen">It has no end.</param>
    private async Task<Dictionary<int, InRange>> RangeAsync(SegmentCounts lines, SegmentWindow window, bool isOpen, CancellationToken ct)
    {
        // It ends now, where it has no end: nothing is to be seen of lines that are yet to come. Parts are of whole minutes, where
        // there are enough, for those can be told from counts; the last has what is left of the range beside them.
        var end = isOpen ? time.GetUtcNow().UtcDateTime : window.End;
        end = end > window.Start ? end : window.End;
        var length = end - window.Start;
        var part = TimeSpan.FromMilliseconds(Math.Ceiling(length.TotalMilliseconds / TrendParts)); // PostgreSQL has no finer times than microseconds.
        part = part > TimeSpan.FromMinutes(1) ? TimeSpan.FromMinutes(Math.Ceiling(part.TotalMinutes)) : part;
        end = end.AddTicks(-(end.Ticks % (part < TimeSpan.FromMinutes(1) ? TimeSpan.TicksPerMillisecond : TimeSpan.TicksPerMinute)));
        var count = Math.Clamp((int)Math.Ceiling((end - window.Start) / part), 1, TrendParts);
        var origin = end - (part * count);
        var found = new Dictionary<int, InRange>();
        const string Columns = "bucket, pattern_id, level, source, sum(lines)::bigint";
        await lines.ReadAsync(window, origin, part, ["pattern_id", "level", "source"], Columns, "1, 2, 3, 4", reader =>
        {
            var pattern = patterns.Book.Resolve(reader.GetInt32(1));
            if (!found.TryGetValue(pattern, out var range))
            {
                found[pattern] = range = new(count);
            }

            range.Add((int)Math.Floor((reader.GetDateTime(0) - origin) / part), (LineLevel)reader.GetInt16(2), reader.GetString(3), reader.GetInt64(4));
        }, ct);
        return found;
    }

    private async Task<Dictionary<int, Totals>> TotalsAsync(SegmentCounts lines, SegmentWindow window, CancellationToken ct)
    {
        var totals = new Dictionary<int, Totals>();
        await lines.ReadAsync(window, window.Start, null, ["pattern_id"], "pattern_id, sum(lines)::bigint, min(first_time), max(last_time)", "1", reader =>
        {
            var pattern = patterns.Book.Resolve(reader.GetInt32(0));
            var (count, first, last) = (reader.GetInt64(1), reader.GetDateTime(2), reader.GetDateTime(3));
            totals[pattern] = totals.TryGetValue(pattern, out var sum)
                ? new(sum.Count + count, first < sum.First ? first : sum.First, last > sum.Last ? last : sum.Last)
                : new(count, first, last);
        }, ct);
        return totals;
    }

    private readonly record struct Totals(long Count, DateTime First, DateTime Last);

    private sealed class InRange(int parts)
    {
        private readonly Dictionary<(LineLevel Level, string Source), long> _counts = [];

        public long[] Trend { get; } = new long[parts];

        public long Count { get; private set; }

        public LineLevel Level => Most.Level;

        public string Source => Most.Source;

        private (LineLevel Level, string Source) Most => _counts.MaxBy(pair => pair.Value).Key;

        public void Add(int part, LineLevel level, string source, long lines)
        {
            Trend[Math.Clamp(part, 0, parts - 1)] += lines;
            Count += lines;
            _counts[(level, source)] = _counts.GetValueOrDefault((level, source)) + lines;
        }
    }
}
