using System.Globalization;
using System.Text;

namespace Bayou.Http;

/// <summary>Times as the contract takes them: ISO 8601 with offset or Z, or Unix milliseconds.</summary>
internal static class Times
{
    private const int Longest = 40;

    public static bool FromUnixMilliseconds(long ms, out DateTimeOffset time)
    {
        var known = ms >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        time = known ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : default;
        return known;
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
        return text.Length >= 17 && text[4] == '-' && text[7] == '-' && hasOffset
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out time);
    }

    /// <summary>ISO 8601 UTC with milliseconds.</summary>
    public static string Format(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
