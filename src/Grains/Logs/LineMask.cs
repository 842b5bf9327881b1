using System.Buffers;
using static Bayou.Logs.LineValues;

namespace Bayou.Logs;

/// <summary>
/// Masks what varies from line to line by its looks alone: numbers, dates, sizes, hexadecimal ids, UUIDs, paths, addresses of hosts, mail and the
/// web. What is left is the same for most lines that one statement writes. One pass, and nothing is allocated.
/// </summary>
internal static class LineMask
{
    /// <summary>Stands for what varies.</summary>
    public const char Variable = '\u0001';

    /// <summary>Marks a part that mining found variable. Messages never contain it, nor <see cref="Variable"/>: both are blanks there.</summary>
    public const char Learned = '\u0002';

    /// <summary>What is behind it makes no difference to which statement wrote a line.</summary>
    public const int Longest = 2_048;

    /// <summary>Characters that a masked line may take.</summary>
    public const int Room = (2 * Longest) + 2;

    private const int MostTokens = 256;

    private static readonly SearchValues<char> Delimiters = SearchValues.Create("=()[]{},;\"'<>|");

    /// <summary>
    /// Writes the masked words of a message, a blank between two, into <paramref name="output"/>, which is of <see cref="Room"/> characters.
    /// </summary>
    /// <returns>How many characters that are.</returns>
    public static int Mask(scoped ReadOnlySpan<char> line, Span<char> output)
    {
        line = line.Trim();
        if (LineHead.IsNeeded(line))
        {
            Span<char> head = stackalloc char[Longest];
            line = head[..LineHead.Write(line, head)];
        }

        if (line.Length > Longest)
        {
            // At a blank: half a word would be a word of its own.
            line = line[..Longest];
            line = line.LastIndexOf(' ') is > 0 and var blank ? line[..blank] : char.IsHighSurrogate(line[^1]) ? line[..^1] : line;
        }

        if (LineBlanks.MayBeIn(line))
        {
            Span<char> collapsed = stackalloc char[line.Length];
            line = collapsed[..LineBlanks.Collapse(line, collapsed)];
        }

        Span<Range> words = stackalloc Range[MostTokens];
        var count = Split(line, words);
        var writer = new MaskedLine(output);
        for (var at = 0; at < count; at++)
        {
            if (DateLength(line, words[at..count]) is > 0 and var dateWords)
            {
                writer.Begin();
                writer.Variable();
                at += dateWords - 1;
            }
            else if (at + 1 < count && QuantityStart(line[words[at]], line[words[at + 1]], out var unitLength) is >= 0 and var number)
            {
                var before = line[words[at]][..number];
                writer.Begin();
                Mask(ref writer, before is [.., '<'] ? before[..^1] : before);
                writer.Variable();
                Mask(ref writer, line[words[++at]][unitLength..]);
            }
            else
            {
                writer.Begin();
                MaskWord(ref writer, line[words[at]], at > 0);
            }

            writer.End();
        }

        return writer.Length;
    }

    /// <summary>What masking makes today of the lines of a pattern that an earlier version found: so it keeps its number.</summary>
    public static string Again(string masked)
    {
        Span<char> line = stackalloc char[Math.Min(masked.Length, Longest)];
        masked.AsSpan(0, line.Length).CopyTo(line);
        line.Replace(Variable, LineBlanks.Value);
        line.Replace(Learned, LineBlanks.Value);
        Span<char> output = stackalloc char[Room];
        return output[..Mask(line, output)].ToString();
    }

    private static int Split(ReadOnlySpan<char> line, Span<Range> words)
    {
        var count = 0;
        for (var at = 0; count < words.Length;)
        {
            while (at < line.Length && IsBlank(line[at]))
            {
                at++;
            }

            if (at == line.Length)
            {
                break;
            }

            var start = at;
            while (at < line.Length && !IsBlank(line[at]))
            {
                at++;
            }

            words[count++] = start..at;
        }

        return count;
    }

    private static bool IsBlank(char c) => c <= Learned || char.IsWhiteSpace(c);

    private static void MaskWord(ref MaskedLine writer, scoped ReadOnlySpan<char> word, bool isAfterBlank)
    {
        if (isAfterBlank && word.StartsWith("()", StringComparison.Ordinal))
        {
            // An empty value is a value: lines that differ by nothing else are of one statement.
            writer.Write('(');
            writer.Variable();
            word = word[1..];
        }

        Mask(ref writer, word);
    }

    private static void Mask(ref MaskedLine writer, scoped ReadOnlySpan<char> word)
    {
        while (!word.IsEmpty)
        {
            var length = word.IndexOfAny(Delimiters);
            if (length == 0)
            {
                writer.Write(word[0]);
                word = word[1..];
                continue;
            }

            var segment = length < 0 ? word : word[..length];
            if (!segment.ContainsAnyExcept(Letters))
            {
                writer.Write(segment); // As most are: nothing in it can be a value.
                word = word[segment.Length..];
                continue;
            }

            if (UrlLength(segment, word) is > 0 and var url)
            {
                writer.Variable();
                word = word[url..];
                continue;
            }

            var begin = writer.Length;
            var masked = MaskSegment(ref writer, segment, word);
            writer.CloseHost(begin);
            word = word[masked..];
        }
    }

    /// <returns>How much of the word that was: more than the segment where a path's query goes on behind it.</returns>
    private static int MaskSegment(ref MaskedLine writer, scoped ReadOnlySpan<char> segment, scoped ReadOnlySpan<char> word)
    {
        var isKey = segment.Length < word.Length && word[segment.Length] == '=';
        for (var at = 0; at < segment.Length;)
        {
            var rest = segment[at..];
            var isStart = at == 0 || !IsWordChar(segment[at - 1]);
            if (rest[0] == LineBlanks.Value)
            {
                writer.Variable();
                at++;
            }
            else if ((isStart ? IdLength(rest, isKey) : 0) is > 0 and var id)
            {
                writer.Variable();
                at += id;
            }
            else if (at > 0 && segment[at - 1] is '_' or '-' && MemberLength(rest) is > 0 and var member)
            {
                writer.Variable();
                at += member;
            }
            else if (rest[0] == '/' && (at == 0 || (isStart && segment[at - 1] is not ('/' or '.'))) && rest.Length > 1 && IsPathChar(rest[1]))
            {
                writer.Variable();
                at += PathLength(rest);
                if (at < segment.Length && segment[at] == '?')
                {
                    return word[at..].IndexOfAny('"', '\'') is >= 0 and var quote ? at + quote : word.Length;
                }
            }
            else if (NumberLength(rest) is > 0 and var number && (char.IsAsciiDigit(rest[0]) || IdLength(rest[1..]) == 0))
            {
                writer.Variable();
                at += number;
                at += isStart ? UnitLength(segment[at..], Units) : 0;
            }
            else
            {
                writer.Write(rest[0]);
                at++;
            }
        }

        return segment.Length;
    }
}
