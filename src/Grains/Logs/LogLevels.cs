using System.Text;

namespace Bayou.Logs;

/// <summary>How grave a line is, as the database has it.</summary>
internal enum LineLevel : byte
{
    Trace = 1,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

/// <summary>The names of levels, ours and everybody else's.</summary>
internal static class LogLevels
{
    /// <summary>Ours, from the least grave.</summary>
    public static readonly string[] Names = ["trace", "debug", "info", "warn", "error", "fatal"];

    private static readonly Dictionary<string, LineLevel> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["t"] = LineLevel.Trace, ["v"] = LineLevel.Trace, ["d"] = LineLevel.Debug, ["i"] = LineLevel.Info, ["n"] = LineLevel.Info,
        ["w"] = LineLevel.Warn, ["e"] = LineLevel.Error, ["f"] = LineLevel.Fatal, ["c"] = LineLevel.Fatal, ["a"] = LineLevel.Fatal, ["p"] = LineLevel.Fatal,
        ["trace"] = LineLevel.Trace, ["verbose"] = LineLevel.Trace, ["finest"] = LineLevel.Trace, ["finer"] = LineLevel.Trace, ["silly"] = LineLevel.Trace,
        ["trc"] = LineLevel.Trace, ["vrb"] = LineLevel.Trace,
        ["debug"] = LineLevel.Debug, ["dbg"] = LineLevel.Debug, ["dbug"] = LineLevel.Debug, ["fine"] = LineLevel.Debug, ["config"] = LineLevel.Debug,
        ["info"] = LineLevel.Info, ["information"] = LineLevel.Info, ["informational"] = LineLevel.Info, ["inf"] = LineLevel.Info,
        ["notice"] = LineLevel.Info, ["log"] = LineLevel.Info, ["default"] = LineLevel.Info, ["success"] = LineLevel.Info, ["audit"] = LineLevel.Info,
        ["http"] = LineLevel.Info,
        ["warn"] = LineLevel.Warn, ["warning"] = LineLevel.Warn, ["wrn"] = LineLevel.Warn,
        ["error"] = LineLevel.Error, ["err"] = LineLevel.Error, ["eror"] = LineLevel.Error, ["fail"] = LineLevel.Error, ["failure"] = LineLevel.Error,
        ["severe"] = LineLevel.Error,
        ["fatal"] = LineLevel.Fatal, ["ftl"] = LineLevel.Fatal, ["critical"] = LineLevel.Fatal, ["crit"] = LineLevel.Fatal, ["alert"] = LineLevel.Fatal,
        ["emerg"] = LineLevel.Fatal, ["emergency"] = LineLevel.Fatal, ["panic"] = LineLevel.Fatal, ["dpanic"] = LineLevel.Fatal,
    };

    private const int LongestName = 32;

    // RFC 5424, 6.2.1.
    private static readonly LineLevel[] Syslog =
        [LineLevel.Fatal, LineLevel.Fatal, LineLevel.Fatal, LineLevel.Error, LineLevel.Warn, LineLevel.Info, LineLevel.Info, LineLevel.Debug];

    public static string NameOf(LineLevel level) => Names[(int)level - 1];

    public static bool TryParse(ReadOnlySpan<byte> utf8, out LineLevel level)
    {
        Span<char> text = stackalloc char[LongestName];
        level = 0;
        return utf8.Length <= LongestName && Encoding.UTF8.TryGetChars(utf8, text, out var length) && TryParse(text[..length], out level);
    }

    public static bool TryParse(ReadOnlySpan<char> text, out LineLevel level)
    {
        text = text.Trim();
        return Known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out level)
            || (long.TryParse(text, out var number) && TryParse(number, out level));
    }

    /// <summary>Syslog's numbers 0 to 7; 10, 20 … 60 as pino and bunyan have them; the others up to 24 as OpenTelemetry has them.</summary>
    public static bool TryParse(long number, out LineLevel level)
    {
        level = number switch
        {
            >= 0 and <= 7 => Syslog[number],
            >= 10 and <= 60 when number % 10 == 0 => (LineLevel)(number / 10),
            >= 8 and <= 24 => (LineLevel)(1 + ((number - 1) / 4)), // OpenTelemetry, logs data model: severity numbers, four a level
            _ => 0,
        };
        return level != 0;
    }

    /// <summary>The likely level of an unknown name: of <c>warn3</c>, warn, as OpenTelemetry divides each level; of any other name, info.</summary>
    public static LineLevel Likely(ReadOnlySpan<byte> utf8) =>
        utf8.Length > 1 && utf8[^1] is >= (byte)'1' and <= (byte)'4' && TryParse(utf8[..^1], out var level) ? level : LineLevel.Info;
}
