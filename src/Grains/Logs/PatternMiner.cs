namespace Bayou.Logs;

/// <summary>
/// Finds out what varies in the patterns that log lines follow. It is made after Drain (He, Zhu, Zheng, Lyu: "Drain: an online log parsing approach with
/// fixed depth tree", ICWS 2017) in that lines of the same number of words are compared word by word; other than there a word becomes variable
/// not by how many others agree, but by evidence that it varies: enough lines that differ in it alone. How many are enough depends on what
/// stands before it. Bounded in memory; not thread-safe.
/// </summary>
internal sealed class PatternMiner(PatternBook book)
{
    // After these words comes a value more often than not.
    private static readonly HashSet<string> Introducing =
        new(["user", "for", "from", "by", "to", "at", "of", "on", "in", "with", "as", "name", "host", "file", "id", "named", "called", "group", "device"],
            StringComparer.OrdinalIgnoreCase);

    private const int EnoughIntroduced = 3;
    private const int EnoughNamed = 5; // key=value: fewer are as often a handful of states
    private const int EnoughPlain = 8;
    private const int MostCompared = 200_000;

    private readonly Dictionary<string, Dictionary<string, int>> _alike = new(StringComparer.Ordinal); // by what is left without the words in question
    private int _compared;

    /// <summary>
    /// Looks whether a pattern that is new to the book is one of enough that differ in the same words; if so, they become the oldest of them.
    /// </summary>
    /// <returns>The patterns that are no longer what they were.</returns>
    public IReadOnlyCollection<int> Learn(int pattern)
    {
        var words = book.Words(pattern);
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
            var differing = Enumerable.Range(0, words.Length).Where(i => alike.Values.Any(other => book.Words(other)[i] != words[i])).ToList();
            var isNamed = isNamedOnly || differing.TrueForAll(i => words[i].Contains('=', StringComparison.Ordinal));
            if (alike.Count >= (isNamed ? EnoughNamed : EnoughIntroduced))
            {
                return Merge(
                    [.. words.Select((word, i) => !differing.Contains(i) ? word : ReferenceEquals(open[i], word) ? $"{LineMask.Learned}" : open[i])],
                    alike.Values);
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
                return Merge(without, siblings.Values);
            }
        }

        return [];
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
        if (_compared >= MostCompared)
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
    private HashSet<int> Merge(string[] words, IEnumerable<int> patterns)
    {
        var merged = patterns.Select(book.Resolve).ToHashSet();
        var masked = string.Join(' ', words);
        if (book.Find(masked) is { } same)
        {
            merged.Add(same);
        }

        // A pattern only ever widens: what one of them had learned before stays learned.
        foreach (var other in merged.Select(book.Words).ToList())
        {
            for (var i = 0; i < words.Length; i++)
            {
                words[i] = PatternBook.Fits(words[i], other[i]) ? words[i] : PatternBook.Fits(other[i], words[i]) ? other[i] : $"{LineMask.Learned}";
            }
        }

        if (words[0].Contains(LineMask.Learned, StringComparison.Ordinal) && words[0].Length == 1)
        {
            return []; // The first word says what a line is about.
        }

        masked = string.Join(' ', words);
        var oldest = merged.Min();
        foreach (var younger in merged.Where(pattern => pattern != oldest))
        {
            book.Put(younger, string.Join(' ', book.Words(younger)), oldest);
        }

        book.Put(oldest, masked);
        return merged;
    }
}
