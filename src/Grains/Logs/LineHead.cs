using static Bayou.Logs.LineValues;

namespace Bayou.Logs;

/// <summary>
/// Of a message that is more than a sentence, what tells which statement wrote it: the exception and the top frame of a stack (.NET, Java, Python, Node, Go,
/// Rust), the names and the message of JSON and of key=value, the first line that has words of any other.
/// </summary>
internal static class LineHead
{
    /// <summary>Characters of a message that are looked at: the exception is at the end of a stack in Python.</summary>
    public const int MostRead = 16_384;

    private const int MostKeys = 24;
    private const int Longest = LineMask.Longest - 1;

    private static readonly string[] Messages = ["message", "msg", "event", "error", "@mt", "@m", "text", "title", "exception"];

    /// <summary>Whether a message, without blanks around it, is more than a sentence.</summary>
    public static bool IsNeeded(ReadOnlySpan<char> message) =>
        message is ['{', ..] || message.IndexOfAny('\r', '\n') >= 0 || message.Contains("msg=\"", StringComparison.Ordinal);

    /// <summary>Writes it into a room of <see cref="LineMask.Longest"/> characters.</summary>
    /// <returns>How many characters that are.</returns>
    public static int Write(ReadOnlySpan<char> message, Span<char> room)
    {
        var head = new Head(room);
        if (message[0] == '{' && WriteJson(ref head, message))
        {
            return head.Length;
        }

        head.Length = 0;
        if (message.IndexOfAny('\r', '\n') < 0)
        {
            WriteKeys(ref head, message);
        }
        else
        {
            WriteLines(ref head, message);
        }

        return head.Length;
    }

    /// <summary>The names of an object's members, then the one that is a message. What is cut off, or no JSON, ends it.</summary>
    private static bool WriteJson(ref Head head, ReadOnlySpan<char> json)
    {
        var (keys, depth, isName, rank) = (0, 0, true, Messages.Length);
        ReadOnlySpan<char> name = [], said = [];
        head.Write("{");
        for (var at = 0; at < json.Length; at++)
        {
            switch (json[at])
            {
                case '{' or '[':
                    depth++;
                    break;
                case '}' or ']':
                    depth--;
                    break;
                case ',' when depth == 1:
                    isName = true;
                    break;
                case ':' when depth == 1:
                    isName = false;
                    break;
                case '"':
                    var end = TextEnd(json, at);
                    var text = json[(at + 1)..end];
                    at = end;
                    if (depth == 1 && isName && keys++ < MostKeys)
                    {
                        name = text;
                        head.Write(keys > 1 ? " " : "");
                        head.Write(name);
                    }
                    else if (depth == 1 && !isName && RankOf(name) is var better && better < rank)
                    {
                        rank = better;
                        said = text;
                    }

                    break;
            }
        }

        head.Write("} ");
        head.Write(said);
        return keys > 0;
    }

    /// <summary>The names of <c>key=value</c>, then the message among them.</summary>
    private static void WriteKeys(ref Head head, ReadOnlySpan<char> line)
    {
        var keys = 0;
        ReadOnlySpan<char> said = [];
        head.Write("{");
        for (var at = 0; at < line.Length;)
        {
            var end = at;
            while (end < line.Length && (IsWordChar(line[end]) || line[end] is '.' or '-'))
            {
                end++;
            }

            if (end == at || end >= line.Length || line[end] != '=')
            {
                at = NextWord(line, end); // A word that is no pair, as the date in front.
                continue;
            }

            var name = line[at..end];
            head.Write(keys++ > 0 ? " " : "");
            head.Write(keys <= MostKeys ? name : "");
            if (end + 1 < line.Length && line[end + 1] == '"')
            {
                var close = TextEnd(line, end + 1);
                said = name is "msg" ? line[(end + 2)..close] : said;
                at = Math.Min(line.Length, close + 1);
            }

            at = NextWord(line, Math.Max(at, end));
        }

        head.Write("} ");
        head.Write(said);
    }

    private static int NextWord(ReadOnlySpan<char> line, int at)
    {
        while (at < line.Length && line[at] != ' ')
        {
            at++;
        }

        return at + 1;
    }

    private static void WriteLines(ref Head head, ReadOnlySpan<char> message)
    {
        ReadOnlySpan<char> first = [], exception = [], frame = [];
        var isPython = false;
        foreach (var raw in message.EnumerateLines())
        {
            var line = raw.Trim();
            if (line.StartsWith("Traceback (most", StringComparison.Ordinal))
            {
                isPython = true;
            }
            else if (FrameOf(line) is { IsEmpty: false } found)
            {
                frame = frame.IsEmpty || isPython ? found : frame; // In Python the last call is the top.
            }
            else if (IsException(line) && (exception.IsEmpty || isPython))
            {
                exception = line;
            }
            else if (first.IsEmpty && !isPython && HasWords(line))
            {
                first = line;
            }
        }

        head.Write(first);
        head.Write(first.IsEmpty ? "" : " ");
        head.Write(exception);
        if (!frame.IsEmpty)
        {
            head.Write(" at ");
            head.Write(frame);
        }
    }

    /// <summary>The name of the code that a frame of a stack is in; empty for what is none.</summary>
    private static ReadOnlySpan<char> FrameOf(ReadOnlySpan<char> line)
    {
        if (line.StartsWith("at ", StringComparison.Ordinal))
        {
            var end = line.IndexOf('(');
            return (end < 0 ? line[3..] : line[3..end]).Trim();
        }

        var place = line.LastIndexOf(", in ", StringComparison.Ordinal);
        if (line.StartsWith("File \"", StringComparison.Ordinal) && place > 0)
        {
            return line[(place + 5)..];
        }

        // Go: package.function(0x…), in a line of its own.
        var call = line.IndexOf('(');
        return call > 0 && line[^1] == ')' && line[..call].Contains('.') && !line[..call].Contains(' ') ? line[..call] : [];
    }

    /// <summary>Whether a line is one that names an exception, as <c>System.TimeoutException: …</c>, <c>ValueError: …</c>.</summary>
    private static bool IsException(ReadOnlySpan<char> line)
    {
        foreach (var before in (ReadOnlySpan<string>)["Caused by: ", "Unhandled exception. ", "---> "])
        {
            line = line.StartsWith(before, StringComparison.Ordinal) ? line[before.Length..] : line;
        }

        var end = line.IndexOf(':');
        var name = end < 0 ? line : line[..end];
        return name.Length > 0 && !name.Contains(' ')
            && (name.EndsWith("Exception", StringComparison.Ordinal) || name.EndsWith("Error", StringComparison.Ordinal));
    }

    private static bool HasWords(ReadOnlySpan<char> line) => line.ContainsAny(Letters) || line.ContainsAnyInRange('\u00C0', '\uFFEF');

    private static int RankOf(ReadOnlySpan<char> name)
    {
        for (var rank = 0; rank < Messages.Length; rank++)
        {
            if (name.Equals(Messages[rank], StringComparison.OrdinalIgnoreCase))
            {
                return rank;
            }
        }

        return Messages.Length;
    }

    /// <summary>Index of the quote that closes the one at <paramref name="quote"/>; the length of the text if none does.</summary>
    private static int TextEnd(ReadOnlySpan<char> text, int quote)
    {
        var end = quote + 1;
        while (end < text.Length && text[end] != '"')
        {
            end += text[end] == '\\' ? 2 : 1;
        }

        return Math.Min(end, text.Length);
    }

    private ref struct Head(Span<char> room)
    {
        private readonly Span<char> _room = room;

        public int Length { get; set; }

        public void Write(ReadOnlySpan<char> text)
        {
            text = text[..Math.Min(text.Length, Longest - Length)];
            text.CopyTo(_room[Length..]);
            Length += text.Length;
        }
    }
}
