namespace Bayou.Logs;

/// <summary>
/// Finds the patterns that log lines follow, line by line. It is made after Drain (He, Zhu, Zheng, Lyu: "Drain: an online log parsing approach with
/// fixed depth tree", ICWS 2017) in that lines of the same number of words are compared word by word; other than there a word becomes variable
/// not by how many others agree, but by evidence that it varies: enough lines that differ in it alone. How many are enough depends on what
/// stands before it. Bounded in memory; not thread-safe.
/// </summary>
public sealed class PatternMiner
{
    /// <summary>The pattern of whatever comes when there is no room for more.</summary>
    public const int Other = 0;

    // After these words comes a value more often than not.
    private static readonly HashSet<string> Introducing =
        new(["user", "for", "from", "by", "to", "at", "of", "on", "in", "with", "as", "name", "host", "file", "id", "named", "called", "group", "device"], StringComparer.OrdinalIgnoreCase);

    private const int EnoughIntroduced = 3;
    private const int EnoughNamed = 5; // key=value: fewer are as often a handful of states
    private const int EnoughPlain = 8;
    private const int MostVariants = 200_000;

    private readonly int _most;
    private readonly List<Pattern> _patterns = [];
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal); // masked lines
    private readonly Dictionary<int, List<int>> _learned = []; // patterns with learned words, by their number of words
    private readonly Dictionary<string, Dictionary<string, int>> _alike = new(StringComparer.Ordinal); // by what is left without the words in question
    private int _compared;

    /// <param name="most">Patterns that are kept apart at most.</param>
    public PatternMiner(int most = 20_000)
    {
        _most = most;
        _patterns.Add(new([$"{LineMask.Variable}"]));
    }

    /// <summary>Patterns, merged ones among them.</summary>
    public int Count => _patterns.Count;

    /// <summary>The pattern that a line follows. Its number stays; when it turns out to be the same as an earlier one, <see cref="Resolve"/> says so.</summary>
    public int Add(ReadOnlySpan<char> message)
    {
        Span<char> masked = stackalloc char[(2 * LineMask.Longest) + 2];
        var text = masked[..LineMask.Mask(message, masked)];
        if (_known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var known))
        {
            return Resolve(known);
        }

        var key = text.ToString();
        var words = key.Split(' ');
        var pattern = Learned(words) ?? (_patterns.Count < _most ? New(words) : Other);
        Remember(key, pattern);
        if (_patterns[pattern].Words == words)
        {
            Compare(pattern);
        }

        return Resolve(pattern);
    }

    /// <summary>The pattern that one has become; itself unless it was merged.</summary>
    public int Resolve(int pattern)
    {
        while (_patterns[pattern].MergedInto is { } into)
        {
            pattern = into;
        }

        return pattern;
    }

    /// <summary>What the lines of a pattern have in common, with <c>&lt;*&gt;</c> for what varies.</summary>
    public string Template(int pattern) => string.Join(' ', _patterns[Resolve(pattern)].Words)
        .Replace($"{LineMask.Variable}", "<*>", StringComparison.Ordinal).Replace($"{LineMask.Learned}", "<*>", StringComparison.Ordinal);

    private int? Learned(string[] words)
    {
        foreach (var pattern in _learned.GetValueOrDefault(words.Length) ?? [])
        {
            if (_patterns[pattern].MergedInto is null && Fits(_patterns[pattern].Words, words))
            {
                return pattern;
            }
        }

        return null;
    }

    private static bool Fits(string[] pattern, string[] words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            if (pattern[i] != words[i] && !(pattern[i].IndexOf(LineMask.Learned, StringComparison.Ordinal) is >= 0 and var at
                && words[i].Length >= pattern[i].Length - 1
                && words[i].AsSpan().StartsWith(pattern[i].AsSpan(0, at), StringComparison.Ordinal)
                && words[i].AsSpan().EndsWith(pattern[i].AsSpan(at + 1), StringComparison.Ordinal)))
            {
                return false;
            }
        }

        return true;
    }

    private int New(string[] words)
    {
        _patterns.Add(new(words));
        return _patterns.Count - 1;
    }

    private void Remember(string key, int pattern)
    {
        if (_known.Count >= MostVariants)
        {
            _known.Clear(); // A cache of ways to write the patterns; these themselves stay.
            for (var i = 1; i < _patterns.Count; i++)
            {
                _known[string.Join(' ', _patterns[i].Words)] = i;
            }
        }

        _known[key] = pattern;
    }

    /// <summary>Looks whether a new pattern is one of enough that differ in the same words.</summary>
    private void Compare(int pattern)
    {
        var words = _patterns[pattern].Words;
        var open = new string[words.Length];
        var (hasOpen, isNamedOnly) = (false, true);
        for (var i = 0; i < words.Length; i++)
        {
            open[i] = Opened(words, i, out var isNamed) ?? words[i];
            hasOpen |= !ReferenceEquals(open[i], words[i]);
            isNamedOnly &= ReferenceEquals(open[i], words[i]) || isNamed;
        }

        if (hasOpen && Gather(string.Join(' ', open), string.Join(' ', words), pattern) is { } alike)
        {
            var differing = Enumerable.Range(0, words.Length).Where(i => alike.Values.Any(other => _patterns[other].Words[i] != words[i])).ToList();
            var isNamed = isNamedOnly || differing.TrueForAll(i => words[i].Contains('=', StringComparison.Ordinal));
            if (alike.Count >= (isNamed ? EnoughNamed : EnoughIntroduced))
            {
                Merge([.. words.Select((word, i) => !differing.Contains(i) ? word : ReferenceEquals(open[i], word) ? $"{LineMask.Learned}" : open[i])], alike.Values);
                return;
            }
        }

        // The first word says what a line is about.
        for (var i = 1; i < words.Length; i++)
        {
            if (words[i].Length == 1 && words[i][0] == LineMask.Variable)
            {
                continue;
            }

            string[] without = [.. words[..i], $"{LineMask.Learned}", .. words[(i + 1)..]];
            if (Gather($"{i} {string.Join(' ', without)}", words[i], pattern) is { Count: >= EnoughPlain } siblings)
            {
                Merge(without, siblings.Values);
                return;
            }
        }
    }

    /// <summary>A word without what is likely to be a value in it; null when it does not look as if it had one.</summary>
    private static string? Opened(string[] words, int at, out bool isNamed)
    {
        var word = words[at];
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        isNamed = equals > 0 && equals < word.Length - 1;
        if (isNamed)
        {
            var tail = word[^1] is ',' or ';' or ')' ? word[^1..] : "";
            return $"{word[..(equals + 1)]}{LineMask.Learned}{tail}";
        }

        var isQuoted = word.Length > 2 && word[0] is '"' or '\'' && word[^1] == word[0];
        return at > 0 && (isQuoted || Introducing.Contains(words[at - 1].TrimEnd(':'))) ? $"{LineMask.Learned}" : null;
    }

    private Dictionary<string, int> Gather(string key, string variant, int pattern)
    {
        if (_compared >= MostVariants)
        {
            _alike.Clear(); // What was gathered so far was too little to tell.
            _compared = 0;
        }

        if (!_alike.TryGetValue(key, out var alike))
        {
            _alike[key] = alike = new(StringComparer.Ordinal);
        }

        _compared += alike.TryAdd(variant, pattern) ? 1 : 0;
        return alike;
    }

    /// <summary>Makes several patterns the oldest of them, which keeps its number.</summary>
    private void Merge(string[] words, IEnumerable<int> patterns)
    {
        var merged = patterns.Select(Resolve).ToHashSet();
        var key = string.Join(' ', words);
        if (_known.TryGetValue(key, out var same))
        {
            merged.Add(Resolve(same));
        }

        var oldest = merged.Min();
        _patterns[oldest].Words = words;
        foreach (var younger in merged.Where(pattern => pattern != oldest))
        {
            _patterns[younger].MergedInto = oldest;
        }

        _known[key] = oldest;
        if (!_learned.TryGetValue(words.Length, out var learned))
        {
            _learned[words.Length] = learned = [];
        }

        if (!learned.Contains(oldest))
        {
            learned.Add(oldest);
        }
    }

    private sealed class Pattern(string[] words)
    {
        public string[] Words { get; set; } = words;

        public int? MergedInto { get; set; }
    }
}
