using System.Globalization;

namespace Bayou.Metrics;

/// <summary>One series in one 60-second window; as text it is the key of an <see cref="IEndpointWindowGrain"/>.</summary>
/// <param name="SeriesId">A project's service and endpoint, by the id PostgreSQL gave it.</param>
/// <param name="StartUnix">Seconds since the epoch, a multiple of 60.</param>
public readonly record struct WindowKey(int SeriesId, long StartUnix)
{
    public const int Seconds = 60;

    public DateTimeOffset Start => DateTimeOffset.FromUnixTimeSeconds(StartUnix);

    public DateTimeOffset End => DateTimeOffset.FromUnixTimeSeconds(StartUnix + Seconds);

    /// <summary>The start of the window that holds a moment.</summary>
    public static long StartOf(DateTimeOffset time) => Floor(time.ToUnixTimeSeconds(), Seconds);

    /// <summary>The last multiple of <paramref name="seconds"/> that is not after a moment, before the epoch too.</summary>
    public static long Floor(long unix, long seconds) => unix - (((unix % seconds) + seconds) % seconds);

    /// <exception cref="FormatException">It is not <c>seriesId|windowStartUnix</c>.</exception>
    public static WindowKey Parse(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var bar = key.IndexOf('|', StringComparison.Ordinal);
        return bar > 0
            ? new(int.Parse(key.AsSpan(0, bar), CultureInfo.InvariantCulture), long.Parse(key.AsSpan(bar + 1), CultureInfo.InvariantCulture))
            : throw new FormatException($"'{key}' is not seriesId|windowStartUnix.");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{SeriesId}|{StartUnix}");
}
