using System.Globalization;
using System.Text;

namespace Bayou.Search;

/// <summary>
/// Makes texts that differ in case, accents, composition or colour the same: every letter small, without its marks (Unicode's canonical decomposition, UAX
/// #15), without the terminal's colours. Scripts without case or marks stay as they are.
/// </summary>
internal static class TextFold
{
    /// <summary>Whether a text of ASCII stays as it is but for its case, which PostgreSQL folds by itself.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> text) => Ascii.IsValid(text) && !text.Contains((byte)AnsiColour.Escape);

    public static string Of(string text)
    {
        if (Ascii.IsValid(text) && !text.Contains(AnsiColour.Escape, StringComparison.Ordinal))
        {
            return text.ToLowerInvariant();
        }

        var folded = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (AnsiColour.Length(text.AsSpan(at)) is > 0 and var colour)
            {
                at += colour - 1;
            }
            else if (folded.Length > 0 && Hangul.Joined(folded[^1], c) is { } syllable)
            {
                folded[^1] = syllable;
            }
            else if (CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.Format))
            {
                Append(folded, char.ToLowerInvariant(LettersWithMarks.Without(c)));
            }
        }

        return folded.ToString();
    }

    /// <summary>Letters that have no decomposition, and are written without their stroke or as two all the same.</summary>
    private static void Append(StringBuilder folded, char c) => _ = c switch
    {
        'ß' => folded.Append("ss"),
        'æ' => folded.Append("ae"),
        'œ' => folded.Append("oe"),
        'ø' => folded.Append('o'),
        'ł' => folded.Append('l'),
        'đ' => folded.Append('d'),
        'ı' => folded.Append('i'),
        'ς' => folded.Append('σ'),
        'ё' => folded.Append('е'),
        _ => folded.Append(c),
    };
}
