using System.Buffers;

namespace Bayou.Logs;

/// <summary>
/// Masks what varies from line to line by its looks alone: numbers, dates, sizes, hexadecimal ids, UUIDs, paths, addresses of hosts, mail and the
/// web. What is left is the same for most lines that one statement writes. One pass, and nothing is allocated.
/// </summary>
internal static class LineMask
{
    /// <summary>Stands for what varies.</summary>
    public const char Variable = '\0';

    /// <summary>What is behind it makes no difference to which statement wrote a line.</summary>
    public const int Longest = 2_048;

    private const int MostTokens = 256;

    private static readonly SearchValues<char> Delimiters = SearchValues.Create("=()[]{},;\"'<>|");
    private static readonly SearchValues<char> UrlEnds = SearchValues.Create("\"'<>])");
    private static readonly string[] Weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    private static readonly string[] Months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "ms", "sec", "secs", "seconds"];
    private static readonly string[] BelowUnits = [.. Units, "s", "min"];

    /// <summary>Writes the masked words of the first line, a blank between two, into <paramref name="output"/>, which has room for twice the line.</summary>
    /// <returns>How many characters that are.</returns>
    public static int Mask(ReadOnlySpan<char> line, Span<char> output)
    {
        line = line.Trim();
        if (line.IndexOfAny('\r', '\n') is >= 0 and var end)
        {
            line = line[..end];
        }

        if (line.Length > Longest)
        {
            // At a blank: half a word would be a word of its own.
            line = line[..Longest];
            line = line.LastIndexOf(' ') is > 0 and var blank ? line[..blank] : line;
        }

        Span<Range> words = stackalloc Range[MostTokens];
        var count = Split(line, words);
        var writer = new Writer(output);
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

    private static bool IsBlank(char c) => c <= Marker.Highest || char.IsWhiteSpace(c);

    /// <summary>How many words are a date as in <c>Fri Jun 17 07:07:00 2005</c>; 0 for none.</summary>
    private static int DateLength(ReadOnlySpan<char> line, ReadOnlySpan<Range> words)
    {
        if (words.Length < 3 || !IsName(line[words[0]].TrimEnd(','), Weekdays) || !IsName(line[words[1]], Months) || !char.IsAsciiDigit(line[words[2]][0]))
        {
            return 0;
        }

        var length = 3;
        length += length < words.Length && char.IsAsciiDigit(line[words[length]][0]) ? 1 : 0;
        var hasZone = length + 1 < words.Length && line[words[length]] is { Length: >= 3 and <= 5 } zone && !zone.ContainsAnyExceptInRange('A', 'Z') && char.IsAsciiDigit(line[words[length + 1]][0]);
        length += hasZone ? 1 : 0;
        length += length < words.Length && line[words[length]] is { Length: 4 } year && !year.ContainsAnyExceptInRange('0', '9') ? 1 : 0;
        return length;
    }

    private static bool IsName(ReadOnlySpan<char> word, string[] names)
    {
        if (word.Length < 3 || word.ContainsAnyExcept(Letters))
        {
            return false;
        }

        foreach (var name in names)
        {
            if (word.StartsWith(name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Where in a word the number begins whose unit is the next word; below 0 for none.</summary>
    private static int QuantityStart(ReadOnlySpan<char> word, ReadOnlySpan<char> next, out int unitLength)
    {
        var start = word.Length;
        while (start > 0 && (char.IsAsciiDigit(word[start - 1]) || (word[start - 1] == '.' && start < word.Length)))
        {
            start--;
        }

        unitLength = 0;
        if (start == word.Length || !char.IsAsciiDigit(word[start]) || (start > 0 && IsWordChar(word[start - 1])))
        {
            return -1;
        }

        unitLength = UnitLength(next, start > 0 && word[start - 1] == '<' ? BelowUnits : Units);
        return unitLength > 0 ? start : -1;
    }

    private static int UnitLength(ReadOnlySpan<char> text, string[] units)
    {
        foreach (var unit in units)
        {
            if (text.StartsWith(unit, StringComparison.Ordinal) && (text.Length == unit.Length || !IsWordChar(text[unit.Length])))
            {
                return unit.Length;
            }
        }

        return 0;
    }

    private static void MaskWord(ref Writer writer, ReadOnlySpan<char> word, bool isAfterBlank)
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

    private static void Mask(ref Writer writer, ReadOnlySpan<char> word)
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

    private static int UrlLength(ReadOnlySpan<char> segment, ReadOnlySpan<char> word)
    {
        var scheme = segment.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0 || segment[..scheme].ContainsAnyExcept(Letters))
        {
            return 0;
        }

        return word.IndexOfAny(UrlEnds) is >= 0 and var end ? end : word.Length;
    }

    /// <returns>How much of the word that was: more than the segment where a path's query goes on behind it.</returns>
    private static int MaskSegment(ref Writer writer, ReadOnlySpan<char> segment, ReadOnlySpan<char> word)
    {
        for (var at = 0; at < segment.Length;)
        {
            var rest = segment[at..];
            var isStart = at == 0 || !IsWordChar(segment[at - 1]);
            if ((isStart ? IdLength(rest) : 0) is > 0 and var id)
            {
                writer.Variable();
                at += id;
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

    /// <summary>How long a UUID, hexadecimal number, address of mail or name of a host is that begins here; 0 for none.</summary>
    private static int IdLength(ReadOnlySpan<char> text)
    {
        if (text.Length >= 36 && Guid.TryParseExact(text[..36], "D", out _))
        {
            return 36;
        }

        if (text.Length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x' && char.IsAsciiHexDigit(text[2]))
        {
            var end = 3;
            while (end < text.Length && char.IsAsciiHexDigit(text[end]))
            {
                end++;
            }

            return end;
        }

        var word = 0;
        var (digits, letters, others) = (false, false, false);
        while (word < text.Length && IsWordChar(text[word]))
        {
            digits |= char.IsAsciiDigit(text[word]);
            letters |= char.IsAsciiHexDigit(text[word]) && !char.IsAsciiDigit(text[word]);
            others |= !char.IsAsciiHexDigit(text[word]);
            word++;
        }

        if (word >= 6 && digits && letters && !others)
        {
            return word;
        }

        var mail = MailLength(text);
        return mail > 0 ? mail : word < text.Length && text[word] is '.' or '-' ? HostLength(text) : 0;
    }

    private static int MailLength(ReadOnlySpan<char> text)
    {
        var at = text.IndexOf('@');
        if (at <= 0)
        {
            return 0;
        }

        foreach (var c in text[..at])
        {
            if (!IsWordChar(c) && c is not ('.' or '+' or '-'))
            {
                return 0;
            }
        }

        var host = LabelsLength(text[(at + 1)..], out var labels, out _);
        return labels >= 2 ? at + 1 + host : 0;
    }

    /// <summary>Three labels or more, the last of which looks like a domain of the first level; or two, where that is one of the oldest.</summary>
    private static int HostLength(ReadOnlySpan<char> text)
    {
        var length = LabelsLength(text, out var labels, out var last);
        var top = text[(length - last)..length];
        return (labels >= 3 && last is 2 or 3 && !top.ContainsAnyExceptInRange('a', 'z')) || (labels == 2 && top is "com" or "net" or "org" or "edu" or "gov") ? length : 0;
    }

    private static int LabelsLength(ReadOnlySpan<char> text, out int labels, out int last)
    {
        (labels, last) = (0, 0);
        var (length, start) = (0, 0);
        for (var at = 0; at <= text.Length; at++)
        {
            if (at < text.Length && (IsWordChar(text[at]) || text[at] == '-'))
            {
                continue;
            }

            if (at == start)
            {
                break;
            }

            (labels, last, length, start) = (labels + 1, at - start, at, at + 1);
            if (at == text.Length || text[at] != '.')
            {
                break;
            }
        }

        return length;
    }

    private static int PathLength(ReadOnlySpan<char> text)
    {
        var end = 1;
        while (end < text.Length && (text[end] == '/' || IsPathChar(text[end])))
        {
            end++;
        }

        return end;
    }

    private static int NumberLength(ReadOnlySpan<char> text)
    {
        var at = text[0] is '-' or '+' ? 1 : 0;
        if (at == text.Length || !char.IsAsciiDigit(text[at]))
        {
            return 0;
        }

        while (at < text.Length && (char.IsAsciiDigit(text[at]) || (text[at] is '.' or ',' or ':' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))))
        {
            at++;
        }

        return at;
    }

    private static bool IsWordChar(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static bool IsPathChar(char c) => IsWordChar(c) || c is '.' or '-' or '+' or '%' or '@' or '~' or '$' or '#' or ':';

    private ref struct Writer(Span<char> output)
    {
        private readonly Span<char> _output = output;
        private int _word; // where the present word begins
        private int _last = -1; // where the one before it began

        public int Length { get; private set; }

        public void Begin()
        {
            if (Length > 0)
            {
                _output[Length++] = ' ';
            }

            _word = Length;
        }

        /// <summary>A word that repeats the one before it and varies is one of a list; how many it has makes no difference.</summary>
        public void End()
        {
            var word = _output[_word..Length];
            if (_last >= 0 && word.Contains(LineMask.Variable) && word.SequenceEqual(_output[_last..(_word - 1)]))
            {
                Length = _word - 1;
                _word = _last;
                return;
            }

            _last = _word;
        }

        public void Write(char c) => _output[Length++] = c;

        /// <summary>Variables that only punctuation joins are one.</summary>
        public void Variable()
        {
            var before = Length;
            while (before > _word && _output[before - 1] is '-' or '+' or '.' or ':' or ',' or '/' or '_' or '#')
            {
                before--;
            }

            if (before > _word && _output[before - 1] == LineMask.Variable)
            {
                Length = before;
                return;
            }

            _output[Length++] = LineMask.Variable;
        }

        /// <summary>A name with dots of which a part varies, as that of a host or file, varies as a whole.</summary>
        public void CloseHost(int begin)
        {
            if (begin >= Length)
            {
                return; // All of it went into the variable before it.
            }

            var segment = _output[begin..Length];
            var (variable, dot) = (segment.IndexOf(LineMask.Variable), segment.LastIndexOf('.'));
            if (variable < 0 || dot < variable || dot == segment.Length - 1)
            {
                return;
            }

            foreach (var c in segment)
            {
                if (c != LineMask.Variable && c is not ('.' or '-') && !IsWordChar(c))
                {
                    return;
                }
            }

            Length = begin;
            Variable();
        }
    }
}

/// <summary>Characters that no message has: they are blanks in one.</summary>
internal static class Marker
{
    /// <summary>Stands for a part of a word of which lines have shown that it varies.</summary>
    public const char Learned = '\u0001';

    public const char Highest = Learned;
}
