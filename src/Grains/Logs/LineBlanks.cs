using System.Buffers;
using Bayou.Search;
using static Bayou.Logs.LineValues;

namespace Bayou.Logs;

/// <summary>
/// Takes out of a line, before it is cut into words, the values that may have blanks in them: quoted text, lists, paths of Windows. Colours go too, being
/// no text. How many words a value has makes no difference to which statement wrote a line.
/// </summary>
internal static class LineBlanks
{
    /// <summary>Stands for a value.</summary>
    public const char Value = '\u0003';

    private const int LongestQuote = 512;
    private const int LongestItem = 64;
    private const int LeastItems = 3; // fewer are as often prose

    private static readonly SearchValues<char> Signs = SearchValues.Create("\"'\\,\u001b");
    private static readonly SearchValues<char> BeforeQuote = SearchValues.Create(" \t([{=:,<");
    private static readonly SearchValues<char> PathEnds = SearchValues.Create(" \t\"'<>|,;()");
    private static readonly string[] Methods = ["GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "HEAD ", "OPTIONS ", "CONNECT ", "TRACE "];

    /// <summary>Whether there may be any: in most lines there are none.</summary>
    public static bool MayBeIn(ReadOnlySpan<char> line) => line.ContainsAny(Signs);

    /// <param name="room">For the line without them; as long as it is.</param>
    /// <returns>How many characters that are.</returns>
    public static int Collapse(ReadOnlySpan<char> line, Span<char> room)
    {
        var length = 0;
        for (var at = 0; at < line.Length;)
        {
            var rest = line[at..];
            var isStart = at == 0 || BeforeQuote.Contains(line[at - 1]);
            if (rest[0] == AnsiColour.Escape)
            {
                at += Math.Max(1, AnsiColour.Length(rest));
            }
            else if (rest[0] is '"' or '\'' && isStart && QuoteLength(rest) is > 0 and var quoted)
            {
                WriteQuoted(line, at, quoted, room, ref length);
                at += quoted;
            }
            else if (isStart && (PathLength(rest) is > 0 and var value || (value = ListLength(rest)) > 0))
            {
                room[length++] = Value;
                at += value;
            }
            else
            {
                room[length++] = rest[0];
                at++;
            }
        }

        return length;
    }

    /// <summary>Length of the quoted text with both quotes; 0 if no quote closes it. Within a word, a quote is an apostrophe.</summary>
    private static int QuoteLength(ReadOnlySpan<char> text)
    {
        for (var end = 1; end < text.Length && end <= LongestQuote; end++)
        {
            if (text[end] == '\\')
            {
                end++;
            }
            else if (text[end] == text[0] && (end + 1 == text.Length || !IsWordChar(text[end + 1])))
            {
                return end > 1 ? end + 1 : 0;
            }
        }

        return 0;
    }

    private static void WriteQuoted(ReadOnlySpan<char> line, int at, int length, Span<char> room, ref int written)
    {
        var quoted = line.Slice(at, length);
        var isName = quoted[0] == '"' && at + length < line.Length && line[at + length] == ':'; // a member of JSON
        var isState = !quoted[1..^1].ContainsAnyExcept(States);
        if (isName || isState)
        {
            quoted.CopyTo(room[written..]);
            written += length;
            return;
        }

        room[written++] = quoted[0];
        foreach (var method in Methods)
        {
            if (quoted[1..].StartsWith(method, StringComparison.Ordinal))
            {
                method.CopyTo(room[written..]);
                written += method.Length;
                break;
            }
        }

        room[written++] = Value;
        room[written++] = quoted[0];
    }

    /// <summary>A path that begins with a drive or a host. It goes on behind a blank where the next word has a backslash.</summary>
    private static int PathLength(ReadOnlySpan<char> text)
    {
        var isPath = text.Length > 3
            && ((char.IsAsciiLetter(text[0]) && text[1] == ':' && text[2] == '\\') || (text[0] == '\\' && text[1] == '\\' && IsWordChar(text[2])));
        if (!isPath)
        {
            return 0;
        }

        var end = 0;
        while (true)
        {
            var length = text[end..].IndexOfAny(PathEnds);
            end = length < 0 ? text.Length : end + length;
            if (end >= text.Length || text[end] != ' ')
            {
                return end;
            }

            var next = text[(end + 1)..].IndexOfAny(PathEnds);
            var word = text.Slice(end + 1, next < 0 ? text.Length - end - 1 : next);
            if (!word.Contains('\\') || word.Contains(':'))
            {
                return end;
            }

            end++;
        }
    }

    /// <summary>Three names or more with commas between them.</summary>
    private static int ListLength(ReadOnlySpan<char> text)
    {
        var (items, end, at) = (0, 0, 0);
        while (true)
        {
            var start = at;
            while (at < text.Length && at - start < LongestItem && (IsWordChar(text[at]) || text[at] is '-' or '.' or '/' or '@'))
            {
                at++;
            }

            if (at == start)
            {
                break;
            }

            (items, end) = (items + 1, at);
            if (at >= text.Length || text[at] != ',')
            {
                break;
            }

            at += at + 1 < text.Length && text[at + 1] == ' ' ? 2 : 1;
        }

        return items >= LeastItems && (end == text.Length || text[end] is not ('=' or ':')) ? end : 0;
    }
}
