using Bayou.Search;

namespace Bayou.Logs;

/// <summary>How well a pattern fits words.</summary>
/// <param name="Score">By BM25.</param>
/// <param name="Share">Of the weight of all words asked for, those it has; from 0 to 1.</param>
/// <param name="Stems">Those of them that it has.</param>
internal readonly record struct WordMatch(int Pattern, double Score, double Share, IReadOnlyList<string> Stems);

/// <summary>
/// The words of all patterns, to rank them by BM25 (Robertson, Zaragoza: "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations and Trends in
/// Information Retrieval 3(4), 2009). A pattern is as relevant as the words it has are rare, whichever of those asked for they are.
/// </summary>
internal sealed class PatternWords
{
    private const double Saturation = 1.2; // k1 and b, as usual
    private const double LengthWeight = 0.75;

    private readonly Dictionary<string, Dictionary<int, int>> _postings = new(StringComparer.Ordinal); // by stem: how often in which pattern
    private readonly Dictionary<int, string[]> _patterns = []; // their stems
    private readonly Dictionary<int, string?> _unread = []; // texts whose words nobody has asked for yet
    private readonly Lock _lock = new();
    private long _length; // of all together, in words

    /// <param name="text">Null for a pattern that is no more.</param>
    public void Put(int pattern, string? text)
    {
        lock (_lock)
        {
            _unread[pattern] = text;
        }
    }

    /// <summary>Whether any pattern has a word; one that ends with <c>*</c> is one that begins so.</summary>
    public bool Has(string word)
    {
        lock (_lock)
        {
            ReadAll();
            return SearchWords.Of(word).Any(stem => Variants(stem, word).Any());
        }
    }

    /// <summary>The patterns that have any of the words, the most relevant first.</summary>
    public List<WordMatch> Rank(IReadOnlyList<string> words)
    {
        var found = new Dictionary<int, (double Score, double Weight, List<string> Stems)>();
        var all = 0.0;
        lock (_lock)
        {
            ReadAll();
            if (_patterns.Count == 0)
            {
                return [];
            }

            var average = (double)_length / _patterns.Count;
            foreach (var (stem, word) in words.SelectMany(word => SearchWords.Of(word).Select(stem => (stem, word))).DistinctBy(pair => pair.stem))
            {
                var patterns = Variants(stem, word).SelectMany(variant => _postings[variant]).GroupBy(pair => pair.Key, pair => pair.Value).ToList();
                var rarity = Math.Log(1 + ((_patterns.Count - patterns.Count + 0.5) / (patterns.Count + 0.5)));
                all += rarity;
                foreach (var pattern in patterns)
                {
                    var count = pattern.Sum();
                    var length = 1 - LengthWeight + (LengthWeight * _patterns[pattern.Key].Length / average);
                    var score = rarity * count * (Saturation + 1) / (count + (Saturation * length));
                    var (sum, weight, stems) = found.TryGetValue(pattern.Key, out var before) ? before : (0, 0, []);
                    stems.Add(stem);
                    found[pattern.Key] = (sum + score, weight + rarity, stems);
                }
            }
        }

        return [.. found.Select(entry => new WordMatch(entry.Key, entry.Value.Score, entry.Value.Weight / all, entry.Value.Stems))
            .OrderByDescending(match => match.Score).ThenBy(match => match.Pattern)];
    }

    private void ReadAll()
    {
        foreach (var (pattern, text) in _unread)
        {
            Read(pattern, text is null ? [] : [.. SearchWords.Of(text)]);
        }

        _unread.Clear();
    }

    private void Read(int pattern, string[] stems)
    {
        foreach (var stem in _patterns.GetValueOrDefault(pattern, []))
        {
            _length--;
            if (_postings.TryGetValue(stem, out var patterns) && patterns.Remove(pattern) && patterns.Count == 0)
            {
                _postings.Remove(stem);
            }
        }

        _patterns.Remove(pattern);
        if (stems.Length == 0)
        {
            return;
        }

        _patterns[pattern] = stems;
        _length += stems.Length;
        foreach (var stem in stems)
        {
            if (!_postings.TryGetValue(stem, out var patterns))
            {
                _postings[stem] = patterns = [];
            }

            patterns[pattern] = patterns.GetValueOrDefault(pattern) + 1;
        }
    }

    private IEnumerable<string> Variants(string stem, string word) => word.EndsWith('*')
        ? _postings.Keys.Where(known => known.StartsWith(stem, StringComparison.Ordinal))
        : _postings.ContainsKey(stem) ? [stem] : [];
}
