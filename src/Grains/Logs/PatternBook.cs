using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Bayou.Logs;

/// <summary>
/// The patterns that are known, and which of them a masked line (<see cref="LineMask"/>) follows. Numbers are whoever's who makes a pattern;
/// smaller ones are older. Any number of threads may look something up while one adds.
/// </summary>
/// <param name="highest">The highest number there ever was, where some were let go.</param>
internal sealed class PatternBook(int highest = 0)
{
    private const int MostVariants = 200_000;

    /// <summary>The words of the pattern of all lines that have none of their own.</summary>
    public static readonly string OtherWords = $"{LineMask.Variable}";

    private readonly ConcurrentDictionary<int, Pattern> _patterns = [];
    private readonly ConcurrentDictionary<string, int> _known = new(StringComparer.Ordinal); // masked lines
    private readonly ConcurrentDictionary<int, ImmutableArray<int>> _learned = []; // patterns with learned words, by their number of words
    private int _count; // counting a concurrent dictionary locks all of it, as listing its keys does
    private int _variants;
    private volatile int _highest = highest;
    private volatile int _other;

    /// <summary>Patterns, merged ones among them.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The pattern of all lines that have none of their own, among them those whose own was let go; 0 where there is none.</summary>
    public int Other => _other;

    public IEnumerable<int> Patterns => _patterns.Select(pair => pair.Key);

    /// <summary>The pattern that a masked line follows; null when none is known yet.</summary>
    public int? Find(ReadOnlySpan<char> masked)
    {
        if (_known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(masked, out var known))
        {
            return Resolve(known);
        }

        var text = masked.ToString();
        if (FindLearned(text.Split(' ')) is not { } learned)
        {
            return null;
        }

        Remember(text, learned);
        return Resolve(learned);
    }

    /// <summary>Takes in a pattern, or what has become of one.</summary>
    /// <param name="masked">Its words.</param>
    /// <param name="mergedInto">The older one that it turned out to be.</param>
    public void Put(int id, string masked, int? mergedInto = null)
    {
        var words = masked.Split(' ');
        if (_patterns.TryGetValue(id, out var before))
        {
            (before.Words, before.MergedInto) = (words, mergedInto);
        }
        else
        {
            _patterns[id] = new(words) { MergedInto = mergedInto };
            Interlocked.Increment(ref _count);
            _highest = Math.Max(_highest, id);
            _other = masked == OtherWords ? id : _other;
        }

        Remember(masked, id);
        var again = LineMask.Again(masked);
        if (again != masked && !_known.ContainsKey(again))
        {
            Remember(again, id);
        }

        if (mergedInto is null && masked.Contains(LineMask.Learned, StringComparison.Ordinal))
        {
            _learned.AddOrUpdate(words.Length, _ => [id], (_, ids) => ids.Contains(id) ? ids : ids.Add(id));
        }
    }

    /// <summary>
    /// The pattern that one has become: itself unless it was merged or let go. A number higher than any heard of is one that another node has just made.
    /// </summary>
    public int Resolve(int id)
    {
        while (_patterns.TryGetValue(id, out var pattern))
        {
            if (pattern.MergedInto is not { } into)
            {
                return id;
            }

            id = into;
        }

        return id > 0 && id <= _highest && _other > 0 ? _other : id;
    }

    /// <summary>Every number under which lines of some patterns may be stored: their own, and those of the patterns that became them.</summary>
    public int[] NumbersOf(params IEnumerable<int> patterns)
    {
        var roots = patterns.Select(Resolve).ToHashSet();
        return [.. _patterns.Where(pair => roots.Contains(pair.Value.MergedInto is null ? pair.Key : Resolve(pair.Key))).Select(pair => pair.Key)];
    }

    /// <summary>The words of a pattern.</summary>
    public string[] Words(int id) => _patterns[id].Words;

    /// <summary>What the lines of a pattern have in common, with <c>&lt;*&gt;</c> for what varies; empty for a number nobody has.</summary>
    public string Template(int id) => _patterns.TryGetValue(Resolve(id), out var pattern) ? Readable(string.Join(' ', pattern.Words)) : "";

    /// <summary>What a reader would call a pattern: of JSON and of key=value, whose template begins with the names, the message where there is one.</summary>
    public string Title(int id)
    {
        var template = Template(id);
        var names = template.StartsWith('{') ? template.IndexOf('}', StringComparison.Ordinal) : -1;
        return names > 0 && !template.AsSpan(names + 1).Trim(" <*>").IsEmpty ? template[(names + 1)..].Trim() : template;
    }

    public static string Readable(string masked) => masked
        .Replace($"{LineMask.Variable}", "<*>", StringComparison.Ordinal).Replace($"{LineMask.Learned}", "<*>", StringComparison.Ordinal);

    private int? FindLearned(string[] words)
    {
        foreach (var id in _learned.GetValueOrDefault(words.Length, []))
        {
            if (_patterns[id] is { MergedInto: null } pattern && Fits(pattern.Words, words))
            {
                return id;
            }
        }

        return null;
    }

    private static bool Fits(string[] pattern, string[] words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            if (!Fits(pattern[i], words[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a word is one that a pattern's word stands for.</summary>
    public static bool Fits(string pattern, string word) => pattern == word || (pattern.IndexOf(LineMask.Learned, StringComparison.Ordinal) is >= 0 and var at
        && word.Length >= pattern.Length - 1
        && word.AsSpan().StartsWith(pattern.AsSpan(0, at), StringComparison.Ordinal)
        && word.AsSpan().EndsWith(pattern.AsSpan(at + 1), StringComparison.Ordinal));

    private void Remember(string masked, int id)
    {
        if (Interlocked.Increment(ref _variants) > MostVariants + Count)
        {
            _known.Clear(); // A cache of ways to write the patterns; these themselves stay.
            foreach (var (known, pattern) in _patterns)
            {
                _known[string.Join(' ', pattern.Words)] = known;
            }

            _variants = Count;
        }

        _known[masked] = id;
    }

    private sealed class Pattern(string[] words)
    {
        public string[] Words { get; set; } = words;

        public int? MergedInto { get; set; }
    }
}
