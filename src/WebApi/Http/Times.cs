using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Bayou.Http;

/// <summary>Times as the contract takes them: ISO 8601 with offset or Z, or Unix milliseconds.</summary>
internal static class Times
{
    /// <summary>The error message for a value that is not a time.</summary>
    public const string Expected = "must be an ISO 8601 time with offset or Z, or Unix milliseconds";

    private const int Longest = 64;
    private const int Seconds = 17; // where they are in an ISO 8601 time
    private const int MostDecimals = 7;

    public static bool FromUnixMilliseconds(long ms, out DateTimeOffset time)
    {
        var known = ms >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        time = known ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : default;
        return known;
    }

    public static bool FromUnixMilliseconds(long ms, out DateTime utc)
    {
        var known = FromUnixMilliseconds(ms, out DateTimeOffset time);
        utc = time.UtcDateTime;
        return known;
    }

    /// <summary>
    /// Reads <c>2026-01-31T23:59:59Z</c> with up to seven decimals, as most write it; other forms are left to
    /// <see cref="TryParse(ReadOnlySpan{byte}, out DateTimeOffset)"/>.
    /// </summary>
    public static bool TryParsePlain(ReadOnlySpan<byte> text, out DateTime utc)
    {
        utc = default;
        if (text.Length is < 20 or > 28 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[^1] != 'Z'
            || (text.Length > 20 && (text[19] != '.' || text.Length == 21)))
        {
            return false;
        }

        var (year, month, day) = (Digits(text[..4]), Digits(text[5..7]), Digits(text[8..10]));
        var (hour, minute, second) = (Digits(text[11..13]), Digits(text[14..16]), Digits(text[17..19]));
        var fraction = text.Length == 20 ? 0 : Digits(text[20..^1]);
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour is < 0 or > 23 || minute is < 0 or > 59
            || second is < 0 or > 60 || fraction < 0)
        {
            return false;
        }

        for (var decimals = Math.Max(0, text.Length - 21); decimals < 7; decimals++)
        {
            fraction *= 10;
        }

        utc = new DateTime(year, month, day, hour, minute, Math.Min(second, 59), DateTimeKind.Utc).AddTicks(fraction);
        return true;

        static int Digits(ReadOnlySpan<byte> digits)
        {
            var value = 0;
            foreach (var digit in digits)
            {
                if ((uint)(digit - '0') > 9)
                {
                    return -1;
                }

                value = (value * 10) + (digit - '0');
            }

            return value;
        }
    }

    public static bool TryParse(ReadOnlySpan<byte> utf8, out DateTimeOffset time)
    {
        Span<char> chars = stackalloc char[Longest];
        if (utf8.Length > Longest || !Encoding.UTF8.TryGetChars(utf8, chars, out var length))
        {
            time = default;
            return false;
        }

        return TryParse(chars[..length], out time);
    }

    public static bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset time)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ms))
        {
            return FromUnixMilliseconds(ms, out time);
        }

        // An ISO date begins with a four-digit year; the framework alone would take many other forms, and
        // read a time without offset as local.
        time = default;
        var hasTime = text.IndexOfAny('T', 't', ' ') == 10;
        var hasOffset = hasTime && (text[^1] is 'Z' or 'z' || text[11..].IndexOfAny('+', '-') >= 0);

        // In UTC, so that no arithmetic on it meets the ends of the calendar with an offset.
        Span<char> plain = stackalloc char[Longest];
        return text.Length is >= 17 and <= Longest && text[4] == '-' && text[7] == '-' && hasOffset
            && DateTimeOffset.TryParse(Plain(text, plain), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out time);
    }

    /// <summary>Reads the value at which the reader is.</summary>
    public static bool TryRead(ref readonly Utf8JsonReader json, out DateTime utc)
    {
        utc = default;
        return json.TokenType switch
        {
            JsonTokenType.Number => json.TryGetInt64(out var ms) && FromUnixMilliseconds(ms, out utc),
            JsonTokenType.String => (!json.ValueIsEscaped && TryParsePlain(json.ValueSpan, out utc)) || TryParseText(in json, out utc),
            _ => false,
        };

        // Unescaped first: many writers escape the + of an offset.
        static bool TryParseText(ref readonly Utf8JsonReader json, out DateTime utc)
        {
            var time = default(DateTimeOffset);
            var isTime = json.ValueSpan.Length <= Longest && TryParse(JsonTexts.Read(in json), out time);
            utc = time.UtcDateTime;
            return isTime;
        }
    }

    /// <summary>
    /// What is wrong with a time that is of another unit than milliseconds, by its size: then it is decades away from any that anybody means.
    /// </summary>
    /// <param name="text">What was sent: a number, or anything else.</param>
    /// <returns>Null where it does not look so.</returns>
    public static string? UnitProblem(ReadOnlySpan<byte> text) =>
        !Utf8Parser.TryParse(text, out double number, out var length) || length != text.Length ? null
        : Math.Abs(number) switch
        {
            >= 1e8 and < 1e10 => "looks like seconds since 1970; it must be milliseconds",
            >= 1e14 and < 1e17 => "looks like microseconds since 1970; it must be milliseconds",
            >= 1e17 and < 1e20 => "looks like nanoseconds since 1970; it must be milliseconds",
            _ => null,
        };

    /// <summary>Cuts decimals that the framework would round, perhaps into the next minute; turns a leap second into the second before it.</summary>
    private static ReadOnlySpan<char> Plain(ReadOnlySpan<char> text, Span<char> room)
    {
        text.CopyTo(room);
        var length = text.Length;
        if (room[Seconds..length].StartsWith("60"))
        {
            "59".CopyTo(room[Seconds..]);
        }

        var decimals = Seconds + 3;
        if (length > decimals && room[decimals - 1] is '.' or ',')
        {
            room[decimals - 1] = '.';
            var end = decimals + MostDecimals;
            var after = decimals;
            while (after < length && char.IsAsciiDigit(room[after]))
            {
                after++;
            }

            if (after > end)
            {
                room[after..length].CopyTo(room[end..]);
                length -= after - end;
            }
        }

        return room[..length];
    }

    /// <summary>How many characters <see cref="Format(DateTime)"/> gives.</summary>
    public const int Length = 24;

    private const string Pattern = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>ISO 8601 UTC with milliseconds.</summary>
    public static string Format(DateTime utc) => utc.ToString(Pattern, CultureInfo.InvariantCulture);

    /// <summary>The same as bytes, for answers that have thousands.</summary>
    /// <param name="text"><see cref="Length"/> bytes.</param>
    public static void Format(DateTime utc, Span<byte> text)
    {
        "0000-00-00T00:00:00.000Z"u8.CopyTo(text);
        Digits(text, 0, 4, utc.Year);
        Digits(text, 5, 2, utc.Month);
        Digits(text, 8, 2, utc.Day);
        Digits(text, 11, 2, utc.Hour);
        Digits(text, 14, 2, utc.Minute);
        Digits(text, 17, 2, utc.Second);
        Digits(text, 20, 3, utc.Millisecond);

        static void Digits(Span<byte> text, int at, int count, int value)
        {
            for (var i = at + count - 1; i >= at; i--)
            {
                (value, var digit) = Math.DivRem(value, 10);
                text[i] = (byte)('0' + digit);
            }
        }
    }
}
