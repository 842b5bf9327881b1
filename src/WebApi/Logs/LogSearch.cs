using Bayou.Projects;
using Bayou.Search;

namespace Bayou.Logs;

/// <summary>Why a line was found.</summary>
/// <param name="Words">Those of the search that its pattern has, or itself; as stems.</param>
/// <param name="Meaning">How near its pattern is to what the words mean, as a cosine; null where that is remote or was not asked for.</param>
/// <param name="IsRemote">It is only remotely alike: too few of the words, and not near what they mean.</param>
internal sealed record LogMatch(IReadOnlyList<string> Words, double? Meaning, bool IsRemote);

/// <summary>A pattern that a search found.</summary>
internal sealed record RankedPattern(int Pattern, double Score, LogMatch Match);

/// <summary>
/// Finds the patterns that fit words, by BM25 and by what they mean, fused by reciprocal rank (Cormack, Clarke, Büttcher: "Reciprocal rank fusion outperforms
/// Condorcet and individual rank learning methods", SIGIR 2009). What has neither enough of the words nor a near meaning is remote.
/// </summary>
internal sealed class LogSearch(PatternRegistry patterns, TextVectors vectors, ITextEmbedder embedder)
{
    // Found on one half of the labelled queries, and the same for all logs; see docs/performance.md.
    private const double Smoothing = 10;
    private const double WordsWeight = 0.4;
    private const double MeaningWeight = 1;

    /// <summary>The share of the words' weight that makes a pattern fit by its words.</summary>
    private const double EnoughWords = 0.6;

    /// <summary>Patterns of each ranking.</summary>
    private const int Most = 200;

    /// <summary>Those that fit, the best first; then those that are remotely alike.</summary>
    public async Task<List<RankedPattern>> RankAsync(IReadOnlyList<string> words, string mode, CancellationToken ct)
    {
        var known = patterns.Words;
        var byWords = mode == "semantic" ? [] : known.Rank(words).Take(Most).ToList();
        var byMeaning = mode == "keyword" ? [] : await NearestAsync(words, known, ct);
        var found = new Dictionary<int, (double Score, WordMatch? Words, float? Meaning)>();
        for (var rank = 0; rank < byWords.Count; rank++)
        {
            found[byWords[rank].Pattern] = (WordsWeight * byWords[rank].Share * byWords[rank].Share / (Smoothing + rank), byWords[rank], null);
        }

        for (var rank = 0; rank < byMeaning.Count; rank++)
        {
            var (id, likeness) = byMeaning[rank];
            var (score, match, _) = found.GetValueOrDefault((int)id);
            found[(int)id] = (score + (MeaningWeight / (Smoothing + rank)), match, likeness);
        }

        return [.. found.Select(entry => Ranked(entry.Key, entry.Value.Score, entry.Value.Words, entry.Value.Meaning))
            .OrderBy(pattern => pattern.Match.IsRemote).ThenByDescending(pattern => pattern.Score).ThenBy(pattern => pattern.Pattern)];
    }

    private RankedPattern Ranked(int pattern, double score, WordMatch? words, float? meaning)
    {
        var isRemote = !(words?.Share >= EnoughWords || meaning >= embedder.Near);
        return new(pattern, score, new(words?.Stems ?? [], meaning is { } near ? Math.Round(near, 3) : null, isRemote));
    }

    private async Task<List<(long Id, float Likeness)>> NearestAsync(IReadOnlyList<string> words, PatternWords known, CancellationToken ct)
    {
        var text = embedder.Known(string.Join(' ', words.Select(word => word.TrimEnd('*'))), known.Has);
        if (text.Length == 0)
        {
            return []; // Of words that nobody knows nothing is near.
        }

        await patterns.EmbedAsync(isAsked: true, ct);
        var vector = (await embedder.EmbedAsync([text], ct))[0];
        var nearest = await vectors.NearestAsync(Project.Default, PatternText.Kind, vector, embedder.Remote, Most, ct);
        return nearest.FindAll(pattern => patterns.Book.Resolve((int)pattern.Id) == pattern.Id);
    }
}
