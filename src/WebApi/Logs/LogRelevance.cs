using System.Text;
using Bayou.Http;
using Bayou.Search;
using Bayou.Segments;

namespace Bayou.Logs;

/// <summary>
/// Orders lines by how well they fit a search. Patterns are ranked (<see cref="LogSearch"/>); words that none of them has are looked for in the lines. One line
/// of each pattern comes before a second of any, so that one that is frequent hides no other.
/// </summary>
internal sealed class LogRelevance(LogLines lines, LogSearch search, PatternRegistry patterns, PatternPresence presence)
{
    /// <summary>How many lines are ranked: no page goes beyond them, so that all pages are of one ranking.</summary>
    public const int Ranked = 1_000;

    private const int LeastPatterns = 20; // read at once
    private const int MoreLines = 4; // times as many of each, where those were not enough
    private const double OwnWordsWeight = 2; // beside LogSearch's: a line that has all words by itself comes first

    // What comes after all others of its kind scores less than they do.
    private const double OfNextLine = 0.001;
    private const double OfRemote = 0.1;

    public async Task<List<LogRow>> RankAsync(LogSelection selection, StoredSegments segments, int count, CancellationToken ct)
    {
        var present = await presence.OfAsync(selection, segments, patterns.Book, ct);
        var ranked = await search.RankAsync(selection.Search.Wanted, selection.Mode, present, ct);
        var rows = selection.Mode == "semantic" ? [] : await OwnWordsAsync(selection, segments, ct);
        var known = rows.Select(row => row.Row.Id).ToHashSet();
        var places = ranked.Select((pattern, place) => (pattern.Pattern, Place: place)).ToDictionary();
        var newest = await NewestAsync(ranked.ConvertAll(pattern => pattern.Pattern), selection, segments, count, ct);
        foreach (var pattern in newest.Where(row => places.ContainsKey(row.PatternId) && known.Add(row.Id)).GroupBy(row => row.PatternId))
        {
            var place = places[pattern.Key];
            rows.AddRange(pattern.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
                .Select((row, nth) => (place, With(row, ranked[place], nth))));
        }

        return [.. rows.OrderByDescending(row => row.Row.Score).ThenBy(row => row.Place).ThenByDescending(row => row.Row.Id)
            .Select(row => row.Row).Take(count)];
    }

    /// <summary>A line of each pattern, of the first as many as are asked for; where there are fewer patterns, more lines of each.</summary>
    private async Task<List<LogRow>> NewestAsync(
        List<int> ranked, LogSelection selection, StoredSegments segments, int count, CancellationToken ct)
    {
        for (var each = 1 + (count / Math.Max(1, ranked.Count)); ; each *= MoreLines)
        {
            var newest = new List<LogRow>();
            for (var at = 0; at < ranked.Count && newest.Count < count;)
            {
                var some = ranked[at..Math.Min(ranked.Count, at + Math.Max(LeastPatterns, count - newest.Count))];
                newest.AddRange(await lines.NewestOfEachAsync(selection, segments, some, each, ct));
                at += some.Count;
            }

            var found = newest.CountBy(row => row.PatternId).ToDictionary();
            if (newest.Count >= count || found.Values.All(lines => lines < each))
            {
                return newest;
            }

            ranked = ranked.FindAll(found.ContainsKey); // So few that they are read at once.
        }
    }

    private static LogRow With(LogRow row, RankedPattern pattern, int nth) => row with
    {
        Score = pattern.Score * (nth > 0 ? OfNextLine / nth : 1) * (pattern.Match.IsRemote ? OfRemote : 1),
        Match = pattern.Match,
    };

    /// <summary>The newest lines with words that are in no pattern, such as names and ids; those with most of them first.</summary>
    private async Task<List<(int Place, LogRow Row)>> OwnWordsAsync(LogSelection selection, StoredSegments segments, CancellationToken ct)
    {
        var meant = selection.Search.Words.Where(word => !SearchWords.IsEmpty(word)).ToList();
        var all = meant.Count;
        var words = meant.FindAll(word => !patterns.Words.Has(word));
        if (words.Count == 0)
        {
            return [];
        }

        var sql = selection.InRange();
        sql.AddSql($"({string.Join(" OR ", words.Select(word => LogFilter.Contains(sql, word)))})");
        var newest = await lines.FirstAsync(selection.Of(segments), sql, SegmentOrder.Newest, Ranked, ct);
        return [.. newest.Select(row => (Row: row, Words: words.FindAll(word => IsIn(word, row))))
            .Where(found => found.Words.Count > 0)
            .OrderByDescending(found => found.Words.Count)
            .Select((found, place) => (place, found.Row with
            {
                Score = OwnWordsWeight * found.Words.Count / all * ReciprocalRank.Of(place),
                Match = new LogMatch(found.Words, null, IsRemote: 2 * found.Words.Count < all),
            }))];
    }

    private static bool IsIn(string word, LogRow row) => HasWord(row.Message, word) || HasWord(row.Source, word)
        || (row.Meta is { } meta && HasWord(Encoding.UTF8.GetString(meta.Utf8.Span), word));

    /// <summary>Whether it is there as a word, not as a part of another.</summary>
    private static bool HasWord(string text, string word)
    {
        var (part, isPrefix) = word is [_, .., '*'] ? (TextFold.Of(word[..^1]), true) : (TextFold.Of(word), false);
        text = TextFold.Of(text);
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal))
        {
            var end = at + part.Length;
            if ((at == 0 || !Joins(text[at - 1], part[0])) && (isPrefix || end == text.Length || !Joins(part[^1], text[end])))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether two characters are of one word. Scripts that are written without blanks have no other bounds.</summary>
    private static bool Joins(char one, char next) => char.IsLetterOrDigit(one) && char.IsLetterOrDigit(next) && one < '\u2E80' && next < '\u2E80';
}
