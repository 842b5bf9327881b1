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
/// Finds the patterns that fit words, by BM25 and by what they mean, fused by <see cref="ReciprocalRank"/>. What has neither enough of the words nor a near
/// meaning is remote.
/// </summary>
internal sealed partial class LogSearch(
    CurrentProject project, PatternRegistry patterns, TextVectors vectors, Meanings meanings, ITextEmbedder embedder, ILogger<LogSearch> logger)
{
    // Found on questions that may be tuned on, and the same for all logs; see docs/performance.md.
    private const double WordsWeight = 1.5;
    private const double MeaningWeight = 1;

    /// <summary>The share of the words' weight that makes a pattern fit by its words.</summary>
    private const double EnoughWords = 0.6;

    /// <summary>Patterns of each ranking.</summary>
    private const int Most = 200;

    /// <summary>Those that fit, the best first; then those that are remotely alike.</summary>
    /// <param name="among">Null for all.</param>
    public async Task<List<RankedPattern>> RankAsync(IReadOnlyList<string> words, string mode, IReadOnlySet<int>? among, CancellationToken ct)
    {
        var known = patterns.Words;
        var byWords = mode == "semantic" ? [] : known.Rank(words).Where(match => among?.Contains(match.Pattern) != false).Take(Most).ToList();
        var byMeaning = mode == "keyword" ? [] : await NearestAsync(words, mode, known, among, ct);
        var found = new Dictionary<int, (double Score, WordMatch? Words, float? Meaning)>();
        foreach (var (rank, match) in byWords.Index())
        {
            found[match.Pattern] = (WordsWeight * Math.Pow(match.Share, 4) * ReciprocalRank.Of(rank), match, null);
        }

        foreach (var (rank, (id, likeness)) in byMeaning.Index())
        {
            var (score, match, _) = found.GetValueOrDefault((int)id);
            found[(int)id] = (score + (MeaningWeight * ReciprocalRank.Of(rank)), match, likeness);
        }

        return [.. found.Select(entry => Ranked(entry.Key, entry.Value.Score, entry.Value.Words, entry.Value.Meaning))
            .OrderBy(pattern => pattern.Match.IsRemote).ThenByDescending(pattern => pattern.Score).ThenBy(pattern => pattern.Pattern)];
    }

    private RankedPattern Ranked(int pattern, double score, WordMatch? words, float? meaning)
    {
        var isRemote = !(words?.Share >= EnoughWords || meaning >= embedder.Near);
        return new(pattern, score, new(words?.Stems ?? [], meaning is { } near ? Math.Round(near, 3) : null, isRemote));
    }

    private async Task<List<(long Id, float Likeness)>> NearestAsync(
        IReadOnlyList<string> words, string mode, PatternWords known, IReadOnlySet<int>? among, CancellationToken ct)
    {
        if (await MeaningAsync(words, mode, known, ct) is not { } meaning)
        {
            return [];
        }

        await patterns.VectorsAsync(ct);
        var ids = among?.Select(pattern => (long)pattern).ToHashSet();
        var nearest = await vectors.NearestAsync(project.Id, PatternText.Kind, meaning, embedder.Remote, Most, ids, ct);
        return nearest.FindAll(pattern => patterns.Book.Resolve((int)pattern.Id) == pattern.Id);
    }

    /// <returns>Null for words that nobody knows: nothing is near them.</returns>
    private async Task<float[]?> MeaningAsync(IReadOnlyList<string> words, string mode, PatternWords known, CancellationToken ct)
    {
        try
        {
            var text = embedder.Known(string.Join(' ', words.Select(word => word.TrimEnd('*'))), known.Has);
            return text.Length == 0 ? null : await meanings.OfAsync(text, embedder, ct);
        }
        catch (Exception e) when (mode == "hybrid" && e is not OperationCanceledException)
        {
            NotUnderstood(e); // The model cannot be loaded; the words are searched for all the same.
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A search goes by its words alone, for what they mean cannot be told")]
    private partial void NotUnderstood(Exception exception);
}
