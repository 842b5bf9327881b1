using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Bayou.Http;

/// <summary>
/// Reads texts of JSON whatever is in them: what PostgreSQL's text cannot hold (NUL, half a surrogate pair) and what is no UTF-8 becomes U+FFFD. A log line is
/// worth more than its one bad character.
/// </summary>
internal static class JsonTexts
{
    private const char Replacement = '\uFFFD';

    /// <summary>Writes the text at which the reader is, in UTF-8.</summary>
    public static void Write(ref readonly Utf8JsonReader reader, ArrayBufferWriter<byte> output)
    {
        var raw = reader.ValueSpan;
        if (!reader.ValueIsEscaped && Utf8.IsValid(raw))
        {
            output.Write(raw);
        }
        else if (!Utf8.IsValid(raw) || raw.IndexOf("\\u"u8) >= 0)
        {
            Encoding.UTF8.GetBytes(Read(in reader), output); // The reader's own would throw at what cannot be.
        }
        else
        {
            output.Advance(reader.CopyString(output.GetSpan(raw.Length)));
        }
    }

    /// <summary>The text at which the reader is.</summary>
    public static string Read(ref readonly Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? Unescape(reader.ValueSpan) : Encoding.UTF8.GetString(reader.ValueSpan);

    /// <summary>The same JSON, byte for byte, but that halves of surrogate pairs that are written as escapes become U+FFFD: few readers take them.</summary>
    public static string WithPairs(string json)
    {
        const int Escape = 6; // backslash, u, four digits
        char[]? changed = null;
        for (var at = json.IndexOf('\\', StringComparison.Ordinal); at >= 0 && at < json.Length; at = json.IndexOf('\\', at))
        {
            if (CodeAt(json, at) is not { } code || !char.IsSurrogate(code))
            {
                at += 2;
            }
            else if (char.IsHighSurrogate(code) && CodeAt(json, at + Escape) is { } low && char.IsLowSurrogate(low))
            {
                at += 2 * Escape;
            }
            else
            {
                "fffd".CopyTo((changed ??= json.ToCharArray()).AsSpan(at + 2));
                at += Escape;
            }

            if (at >= json.Length)
            {
                break;
            }
        }

        return changed is null ? json : new(changed);
    }

    /// <returns>What an escape stands for that is written as a number; null for no such.</returns>
    private static char? CodeAt(string json, int at) =>
        at + 6 <= json.Length && json[at] == '\\' && json[at + 1] == 'u'
            && ushort.TryParse(json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) ? (char)code : null;

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

        return WellFormed(text.Append(Encoding.UTF8.GetString(raw)));
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

    private static string WellFormed(StringBuilder text)
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
