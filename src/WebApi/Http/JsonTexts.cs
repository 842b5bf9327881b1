using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Bayou.Logs;

/// <summary>
/// Reads texts of JSON whatever is in them: what PostgreSQL's text cannot hold (NUL, half a surrogate pair) and what is no UTF-8 becomes U+FFFD. A log line is
/// worth more than its one bad character.
/// </summary>
internal static class JsonTexts
{
    private const char Replacement = '\uFFFD';

    /// <summary>The text at which the reader is, in UTF-8.</summary>
    /// <param name="room">At least as long as the text is written; what is used of it is taken off.</param>
    public static ReadOnlySpan<byte> Read(scoped ref readonly Utf8JsonReader reader, scoped ref Span<byte> room)
    {
        var raw = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            return Utf8.IsValid(raw) ? raw : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(raw));
        }

        if (!Utf8.IsValid(raw) || raw.IndexOf("\\u"u8) >= 0)
        {
            return Encoding.UTF8.GetBytes(Unescape(raw)); // The reader's own would throw at what cannot be.
        }

        var length = reader.CopyString(room);
        var text = room[..length];
        room = room[length..];
        return text;
    }

    /// <summary>The text at which the reader is.</summary>
    public static string Read(ref readonly Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? Unescape(reader.ValueSpan) : Encoding.UTF8.GetString(reader.ValueSpan);

    private static string Unescape(ReadOnlySpan<byte> raw)
    {
        var text = new StringBuilder(raw.Length);
        while (raw.IndexOf((byte)'\\') is >= 0 and var at)
        {
            text.Append(Encoding.UTF8.GetString(raw[..at]));
            var escaped = (char)raw[at + 1]; // The reader has seen to it that something is there.
            text.Append(escaped switch
            {
                'u' => Character(raw.Slice(at + 2, 4)),
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\b',
                'f' => '\f',
                _ => escaped,
            });
            raw = raw[(at + (escaped == 'u' ? 6 : 2))..];
        }

        return Whole(text.Append(Encoding.UTF8.GetString(raw)));
    }

    private static char Character(ReadOnlySpan<byte> hex)
    {
        var value = 0;
        foreach (var digit in hex)
        {
            value = (value << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return value == 0 ? Replacement : (char)value;
    }

    private static string Whole(StringBuilder text)
    {
        var chars = new char[text.Length];
        text.CopyTo(0, chars, text.Length);
        for (var at = 0; at < chars.Length; at++)
        {
            if (!char.IsSurrogate(chars[at]))
            {
                continue;
            }

            if (char.IsHighSurrogate(chars[at]) && at + 1 < chars.Length && char.IsLowSurrogate(chars[at + 1]))
            {
                at++;
            }
            else
            {
                chars[at] = Replacement;
            }
        }

        return new(chars);
    }
}
