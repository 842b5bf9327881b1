using Bayou.Http;
using Bayou.Segments;

namespace Bayou.Logs;

/// <summary>
/// Orders lines by how well they fit a search: those that have its words, newest first, and those whose patterns mean the like, nearest first, fused by
/// reciprocal rank (Cormack, Clarke, Büttcher: "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009).
/// </summary>
internal sealed class LogRelevance(LogLines lines, LogFilter filter)
{
    private const double Smoothing = 60; // the paper's k
    /// <summary>How many lines of each list are ranked: no page goes beyond them, so that all pages are of one ranking.</summary>
    public const int Ranked = 1_000;

    private const int InARow = 5; // lines of a pattern before those of the next

    public async Task<List<LogRow>> RankAsync(LogSelection selection, StoredSegments segments, int count, CancellationToken ct)
    {
        var lists = new List<List<LogRow>>();
        if (selection.Mode != "semantic")
        {
            var sql = selection.InRange();
            sql.AddSql(LogFilter.Keyword(sql, selection.Search));
            lists.Add(await lines.FirstAsync(selection.Of(segments), sql, SegmentOrder.Newest, Ranked, ct));
        }

        if (selection.Mode != "keyword")
        {
            lists.Add(await NearestAsync(selection, segments, ct));
        }

        return [.. lists
            .SelectMany(list => list.Select((row, rank) => (Row: row, Score: 1 / (Smoothing + rank + 1))))
            .GroupBy(scored => scored.Row.Id)
            .Select(group => group.First().Row with { Score = Math.Round(group.Sum(scored => scored.Score), 6) })
            .OrderByDescending(row => row.Score).ThenByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(count)];
    }

    /// <summary>The newest lines of the nearest patterns: a few of each, so that one that is frequent hides no other.</summary>
    private async Task<List<LogRow>> NearestAsync(LogSelection selection, StoredSegments segments, CancellationToken ct)
    {
        var nearest = filter.Nearest(selection);
        var rows = new List<(int Place, int Nearness, LogRow Row)>();
        for (var nearness = 0; nearness < nearest.Count; nearness++)
        {
            var sql = selection.InRange();
            sql.Add($"pattern_id = ANY ({filter.NumbersOf(nearest[nearness].Pattern)})");
            var found = await lines.FirstAsync(selection.Of(segments), sql, SegmentOrder.Newest, Math.Max(1, Ranked / nearest.Count), ct);
            rows.AddRange(found.Select((row, place) => (place, nearness, row)));
        }

        return [.. rows.OrderBy(entry => entry.Place / InARow).ThenBy(entry => entry.Nearness).ThenBy(entry => entry.Place).Select(entry => entry.Row)];
    }
}
