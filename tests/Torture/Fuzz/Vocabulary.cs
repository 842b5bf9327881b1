using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Bayou.Torture;

/// <summary>
/// What values a parameter takes, learnt from how the server complains: "is not one of name, time" names two. So an address that comes later is reached
/// beyond its first check without a word about it here.
/// </summary>
internal sealed partial class Vocabulary
{
    private const int MostWords = 60; // of a parameter

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, bool>> _words = [];

    public int Count => _words.Sum(pair => pair.Value.Count);

    public string? Of(string parameter, Random random)
    {
        if (!_words.TryGetValue(parameter, out var known) || known.IsEmpty)
        {
            return null;
        }

        string[] words = [.. known.Keys.Order(StringComparer.Ordinal)];
        return words[random.Next(words.Length)];
    }

    /// <param name="answer">One with errors of the request, or of items in it.</param>
    public void Learn(JsonNode? answer)
    {
        foreach (var detail in (answer?["error"]?["details"] ?? answer?["data"]?["errors"]) as JsonArray ?? [])
        {
            var known = _words.GetOrAdd((string)detail!["field"]!, _ => []);
            foreach (Match word in WordPattern().Matches((string)detail["message"]!))
            {
                if (known.Count < MostWords)
                {
                    known.TryAdd(word.Value, true);
                }
            }
        }
    }

    [GeneratedRegex("[a-z0-9_]{1,24}")]
    private static partial Regex WordPattern();
}
