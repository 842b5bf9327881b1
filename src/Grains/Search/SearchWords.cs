using System.Globalization;
using System.Text;

namespace Bayou.Search;

/// <summary>Cuts a text into the stems of its words.</summary>
internal static class SearchWords
{
    private static readonly HashSet<string> Empty = new(
        ["the", "a", "an", "to", "of", "for", "in", "on", "at", "by", "with", "from", "is", "are", "was", "were", "be", "been", "has", "have", "had", "it",
            "its", "this", "that", "and", "or", "as", "my", "our", "we", "you", "do", "does", "did", "what", "when", "which", "who", "while", "during",
            "again", "more", "than", "then", "there", "some", "any", "all", "into", "via", "due", "because"],
        StringComparer.Ordinal);

    private static readonly string[] Endings = ["ations", "ation", "ings", "ions", "ing", "ion", "ies", "ied", "ers", "es", "ed", "er", "ly", "s", "e", "y"];

    /// <summary>In lower case, cut at what is no letter or digit and where a small letter meets a large one; without those that mean nothing.</summary>
    public static IEnumerable<string> Of(string text)
    {
        var word = new StringBuilder();
        for (var at = 0; at <= text.Length; at++)
        {
            var c = at < text.Length ? text[at] : ' ';
            if (word.Length > 0 && (!IsOfWord(c) || (char.IsUpper(c) && char.IsLower(text[at - 1]))))
            {
                var found = TextFold.Of(word.ToString());
                word.Clear();
                if (found.AsSpan().IndexOfAnyInRange('\u2E80', '\uD7FF') >= 0)
                {
                    foreach (var pair in Pairs(found))
                    {
                        yield return pair;
                    }
                }
                else if (!Empty.Contains(found) && !found.All(char.IsAsciiDigit))
                {
                    yield return Stem(found);
                }
            }

            if (IsOfWord(c))
            {
                word.Append(c);
            }
        }
    }

    private static bool IsOfWord(char c) => char.IsLetterOrDigit(c) || (c > '\u02FF' && char.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark);

    /// <summary>Scripts that are written without blanks: each two characters are a word.</summary>
    private static IEnumerable<string> Pairs(string text) =>
        text.Length < 2 ? [text] : Enumerable.Range(0, text.Length - 1).Select(at => text.Substring(at, 2));

    /// <summary>Whether a word says nothing of what a text is about.</summary>
    public static bool IsEmpty(string word) => Empty.Contains(word.ToLowerInvariant());

    /// <summary>Without the ending by which forms of a word differ; crude, but the same for texts and for what they are compared with.</summary>
    public static string Stem(string word)
    {
        foreach (var ending in Endings)
        {
            if (word.Length - ending.Length >= 3 && word.EndsWith(ending, StringComparison.Ordinal))
            {
                // stopping, stopped: the letter is doubled for the ending's sake.
                var stem = word[..^ending.Length];
                return stem.Length > 3 && stem[^1] == stem[^2] && stem[^1] is not ('l' or 's' or 'o' or 'e') ? stem[..^1] : stem;
            }
        }

        return word;
    }
}
