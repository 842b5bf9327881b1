using System.Text;

namespace Bayou.Logs;

/// <summary>A condition on a field, as in <c>level:error</c>.</summary>
internal readonly record struct SearchTerm(string Field, string Value, bool IsNegated);

/// <summary>
/// What was typed into a search: words that make a line fit the better the more of them it has, <c>"quoted phrases"</c> and <c>+words</c> that must be
/// somewhere in it, <c>-such</c> that must not, and conditions on fields, <c>source:API</c>. A word may end with <c>*</c>, for any that begins so.
/// Nothing is an error: a quote left open ends with the text.
/// </summary>
internal sealed class SearchText
{
    /// <summary>Longer ones are refused.</summary>
    public const int Longest = 1_000;

    /// <summary>Words, phrases and conditions; each is looked for in every line.</summary>
    public const int Most = 32;

    public static readonly string[] Fields = ["source", "service", "level", "pattern", "trace"];

    private readonly List<string> _words = [];
    private readonly List<string> _required = [];
    private readonly List<string> _excluded = [];
    private readonly List<SearchTerm> _terms = [];

    private SearchText()
    {
    }

    public IReadOnlyList<string> Words => _words;

    /// <summary>Phrases and words that must be in a line, character by character.</summary>
    public IReadOnlyList<string> Required => _required;

    /// <summary>All that a line should or must have.</summary>
    public IReadOnlyList<string> Wanted => [.. _words, .. _required];

    public IReadOnlyList<string> Excluded => _excluded;

    public IReadOnlyList<SearchTerm> Terms => _terms;

    public int Count => _words.Count + _required.Count + _excluded.Count + _terms.Count;

    public static SearchText Parse(string text)
    {
        var search = new SearchText();
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            var isNegated = text[at] == '-' && at + 1 < text.Length && !char.IsWhiteSpace(text[at + 1]);
            var isRequired = text[at] == '+' && at + 1 < text.Length && !char.IsWhiteSpace(text[at + 1]);
            at += isNegated || isRequired ? 1 : 0;
            isRequired |= text[at] == '"';
            var word = Next(text, ref at, out var colon);
            if (colon > 0 && colon + 1 < word.Length && Fields.Contains(word[..colon].ToLowerInvariant()))
            {
                search._terms.Add(new(word[..colon].ToLowerInvariant(), word[(colon + 1)..], isNegated));
            }
            else if (word.Length > 0)
            {
                (isNegated ? search._excluded : isRequired ? search._required : search._words).Add(word);
            }
        }

        return search;
    }

    /// <param name="colon">Where the first colon outside quotes is, below 0 for none.</param>
    private static string Next(string text, ref int at, out int colon)
    {
        var word = new StringBuilder();
        colon = -1;
        while (at < text.Length && !char.IsWhiteSpace(text[at]))
        {
            // Only where a word or a field's value begins: else it is a character as any other.
            if (text[at] == '"' && (word.Length == 0 || word.Length == colon + 1))
            {
                var end = text.IndexOf('"', at + 1);
                word.Append(text, at + 1, (end < 0 ? text.Length : end) - at - 1);
                at = end < 0 ? text.Length : end + 1;
                return word.ToString();
            }

            colon = colon < 0 && text[at] == ':' ? word.Length : colon;
            word.Append(text[at++]);
        }

        return word.ToString();
    }
}
