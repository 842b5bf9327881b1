using System.Buffers;

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
    private const int EnoughCompound = 3; // names as org.example.Thing, where no sentence has a word of its own
    private const int EnoughMasked = 2; // rdd_7, broadcast_3_piece0: each has a number already
    private const int LeastConstant = 3; // other words, for the first to vary
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

        for (var i = 0; i < words.Length; i++)
        {
            // The first word says what a line is about, unless it is the name of something.
            if (words[i] is [LineMask.Variable] || (i == 0 && (Kind(words[0]) == WordKind.Plain || Constant(words) < LeastConstant)))
            {
                continue;
            }

            string[] without = [.. words[..i], $"{LineMask.Learned}", .. words[(i + 1)..]];
            var kind = Kind(words[i]);
            var siblings = i > 0 ? Gather($"{i} {string.Join(' ', without)}", words[i], pattern) : [];
            if (siblings.Count < EnoughPlain && kind != WordKind.Plain)
            {
                siblings = Gather($"{i} {kind} {string.Join(' ', without)}", words[i], pattern);
            }

            if (siblings.Count >= Enough(kind))
            {
                return Merge(without, siblings.Values, mayBeFirst: i == 0);
            }
        }

        return [];
    }

    private static readonly SearchValues<char> Joints = SearchValues.Create("._/@$\\");

    private enum WordKind
    {
        Plain,
        Compound,
        Masked,
    }

    private static WordKind Kind(string word) =>
        word.Contains(LineMask.Variable, StringComparison.Ordinal) && word.AsSpan().ContainsAny(LineValues.Letters) ? WordKind.Masked
        : word.Length > 2 && word.AsSpan(1, word.Length - 2).ContainsAny(Joints) ? WordKind.Compound : WordKind.Plain;

    private static int Enough(WordKind kind) => kind switch
    {
        WordKind.Masked => EnoughMasked,
        WordKind.Compound => EnoughCompound,
        _ => EnoughPlain,
    };

    private static int Constant(string[] words) => words.Count(word => word.AsSpan().ContainsAny(LineValues.Letters)) - 1;

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
    private HashSet<int> Merge(string[] words, IEnumerable<int> patterns, bool mayBeFirst = false)
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

        if (!mayBeFirst && words[0] is [LineMask.Learned])
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
