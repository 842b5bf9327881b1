using System.Collections.Concurrent;

namespace Bayou.Logs;

/// <summary>What patterns mean. All are compared, exactly: for as many as there may be, an index would be no gain; see docs/adr/0011-log-segments.md.</summary>
internal sealed class PatternVectors
{
    private readonly ConcurrentDictionary<int, LogEmbedding> _embeddings = [];

    /// <param name="embedding">Null for a pattern that has become another.</param>
    public void Put(int pattern, LogEmbedding? embedding)
    {
        if (embedding is null)
        {
            _embeddings.TryRemove(pattern, out _);
            return;
        }

        _embeddings[pattern] = embedding;
    }

    /// <summary>Patterns whose meaning is near that of a text, nearest first, with how near: 1 is the same.</summary>
    public List<(int Pattern, float Likeness)> Nearest(LogEmbedding text, float least, int most) =>
        [.. _embeddings.Select(pair => (Pattern: pair.Key, Likeness: pair.Value.Likeness(text)))
            .Where(pair => pair.Likeness >= least)
            .OrderByDescending(pair => pair.Likeness).ThenBy(pair => pair.Pattern).Take(most)];
}
