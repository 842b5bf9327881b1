using System.Text;

namespace Bayou.Logs;

/// <summary>A pattern as a text that can be found.</summary>
internal static class PatternText
{
    /// <summary>What kind of text it is, beside others that have vectors.</summary>
    public const string Kind = "log_pattern";

    private static readonly char[] Joints = [' ', ':', '/', '(', ')', '[', ']'];

    /// <summary>Its source and its words, both without what varies, identifiers as the words they are made of.</summary>
    public static string Of(string source, string masked) => $"{Spaced(Masked(source)).Trim(Joints)}: {Spaced(masked)}";

    /// <summary>Some sources have the number of a process or a port before the name.</summary>
    private static string Masked(string source)
    {
        Span<char> masked = stackalloc char[LineMask.Room];
        return masked[..LineMask.Mask(source, masked)].ToString();
    }

    /// <summary>Cuts identifiers where a small letter meets a large one, and at underscores and dots; what varies is left out.</summary>
    private static string Spaced(string text)
    {
        var spaced = new StringBuilder(text.Length + 16);
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            var isCut = c is LineMask.Variable or LineMask.Learned or '_' || (c == '.' && at + 1 < text.Length && char.IsLetter(text[at + 1]));
            if (at > 0 && char.IsUpper(c) && (char.IsLower(text[at - 1]) || (at + 1 < text.Length && char.IsLower(text[at + 1]) && char.IsUpper(text[at - 1]))))
            {
                spaced.Append(' ');
            }

            spaced.Append(isCut ? ' ' : c);
        }

        return string.Join(' ', spaced.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}
