using System.Buffers;
using System.Collections.Frozen;

namespace Bayou.Logs;

/// <summary>Recognises values in a line by their looks: each method says how long one is that begins where its text does, 0 for none.</summary>
internal static class LineValues
{
    public static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    public static readonly SearchValues<char> States = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    private static readonly SearchValues<char> UrlEnds = SearchValues.Create("\"'<>])");
    private static readonly string[] Weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    private static readonly string[] Months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    public static readonly string[] Units = ["B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "ms", "sec", "secs", "seconds"];
    private static readonly FrozenSet<string> FileKinds = FrozenSet.ToFrozenSet<string>(
        ["exe", "dll", "sys", "so", "o", "a", "jar", "war", "class", "py", "pyc", "js", "mjs", "ts", "java", "c", "h", "cc", "cpp", "hpp", "cs", "go", "rs",
            "rb", "php", "pl", "sh", "bat", "cmd", "ps1", "log", "txt", "out", "err", "md", "xml", "json", "yml", "yaml", "toml", "html", "htm", "css", "csv",
            "tsv", "png", "jpg", "jpeg", "gif", "svg", "pdf", "zip", "gz", "tar", "tgz", "bz2", "rpm", "deb", "apk", "db", "sql", "conf", "cfg", "cnf", "ini",
            "properties", "tmp", "bak", "lock", "pid", "sock", "mp3", "mp4", "wav", "ttf"],
        StringComparer.OrdinalIgnoreCase);
    private static readonly string[] BelowUnits = [.. Units, "s", "min"];

    /// <summary>How many words are a date as in <c>Fri Jun 17 07:07:00 2005</c>; 0 for none.</summary>
    public static int DateLength(ReadOnlySpan<char> line, ReadOnlySpan<Range> words)
    {
        if (words.Length < 3 || !IsName(line[words[0]].TrimEnd(','), Weekdays) || !IsName(line[words[1]], Months) || !char.IsAsciiDigit(line[words[2]][0]))
        {
            return 0;
        }

        var length = 3;
        length += length < words.Length && char.IsAsciiDigit(line[words[length]][0]) ? 1 : 0;
        var hasZone = length + 1 < words.Length && line[words[length]] is { Length: >= 3 and <= 5 } zone && !zone.ContainsAnyExceptInRange('A', 'Z')
            && char.IsAsciiDigit(line[words[length + 1]][0]);
        length += hasZone ? 1 : 0;
        length += length < words.Length && line[words[length]] is { Length: 4 } year && !year.ContainsAnyExceptInRange('0', '9') ? 1 : 0;
        return length;
    }

    private static bool IsName(ReadOnlySpan<char> word, string[] names)
    {
        if (word.Length < 3 || !char.IsAsciiLetterUpper(word[0]) || word.ContainsAnyExcept(Letters))
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

    /// <summary>Where in a word the number begins whose unit is the next word; below 0 for none.</summary>
    public static int QuantityStart(ReadOnlySpan<char> word, ReadOnlySpan<char> next, out int unitLength)
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

    public static int UnitLength(ReadOnlySpan<char> text, string[] units)
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

    public static int UrlLength(ReadOnlySpan<char> segment, ReadOnlySpan<char> word)
    {
        var scheme = segment.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0 || segment[..scheme].ContainsAnyExcept(Letters))
        {
            return 0;
        }

        return word.IndexOfAny(UrlEnds) is >= 0 and var end ? end : word.Length;
    }

    /// <summary>Length of the UUID, hex number, e-mail or host name at the start; 0 if none.</summary>
    /// <param name="isKey">It is the name of a value that comes behind it.</param>
    public static int IdLength(ReadOnlySpan<char> text, bool isKey = false)
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

        if (MixedLength(text[..word]) is > 0 and var mixed)
        {
            return mixed;
        }

        if (!isKey && word < text.Length && text[word] == '.' && FileLength(text) is > 0 and var file)
        {
            return file;
        }

        var mail = MailLength(text);
        return mail > 0 ? mail : word < text.Length && text[word] is '.' or '-' ? HostLength(text) : 0;
    }

    private const int LeastMixed = 6;

    /// <summary>Letters and digits that alternate, as in the ids of mail queues and of objects: two groups of digits or more, with letters between.</summary>
    private static int MixedLength(ReadOnlySpan<char> word)
    {
        var (groups, at) = (0, 0);
        for (; at < word.Length && char.IsAsciiLetterOrDigit(word[at]); at++)
        {
            groups += char.IsAsciiDigit(word[at]) && (at == 0 || !char.IsAsciiDigit(word[at - 1])) ? 1 : 0;
        }

        return at >= LeastMixed && groups >= 2 && word[..at].ContainsAny(Letters) ? at : 0;
    }

    /// <summary>The name of a file, by its ending.</summary>
    private static int FileLength(ReadOnlySpan<char> text)
    {
        var end = 0;
        while (end < text.Length && (IsWordChar(text[end]) || text[end] is '.' or '-'))
        {
            end++;
        }

        var name = text[..end].TrimEnd('.');
        var dot = name.LastIndexOf('.');
        return dot > 0 && FileKinds.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name[(dot + 1)..])
            ? name.Length : 0;
    }

    /// <summary>A letter or two and a number, as members of a family are called: <c>Node_A8</c>, <c>rack-b12</c>.</summary>
    public static int MemberLength(ReadOnlySpan<char> text)
    {
        var letters = 0;
        while (letters < text.Length && letters < 3 && char.IsAsciiLetter(text[letters]))
        {
            letters++;
        }

        var end = letters;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return letters is 1 or 2 && end > letters && (end == text.Length || !char.IsAsciiLetterOrDigit(text[end])) ? end : 0;
    }

    private const int LongestMailbox = 65; // RFC 5321, and the @
    private const int MostLabels = 16;

    private static int MailLength(ReadOnlySpan<char> text)
    {
        var at = text[..Math.Min(text.Length, LongestMailbox)].IndexOf('@');
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
        return (labels >= 3 && last is 2 or 3 && !top.ContainsAnyExceptInRange('a', 'z'))
            || (labels == 2 && top is "com" or "net" or "org" or "edu" or "gov") ? length : 0;
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
            if (at == text.Length || text[at] != '.' || labels == MostLabels)
            {
                break;
            }
        }

        return length;
    }

    public static int PathLength(ReadOnlySpan<char> text)
    {
        var end = 1;
        while (end < text.Length && (text[end] == '/' || IsPathChar(text[end])))
        {
            end++;
        }

        return end;
    }

    public static int NumberLength(ReadOnlySpan<char> text)
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

    public static bool IsWordChar(char c) => char.IsLetterOrDigit(c) || c == '_';

    public static bool IsPathChar(char c) => IsWordChar(c) || c is '.' or '-' or '+' or '%' or '@' or '~' or '$' or '#' or ':';
}
