using System.Globalization;

namespace Bayou.Metrics;

/// <summary>One series in one hour; as text it is the key of an <see cref="IBackfillGrain"/>.</summary>
/// <param name="HourUnix">Seconds since the epoch, a multiple of 3600.</param>
public readonly record struct BackfillKey(int SeriesId, long HourUnix)
{
    private const long Seconds = 3_600;

    /// <summary>The hour that holds a window.</summary>
    public static BackfillKey Of(WindowKey window) => new(window.SeriesId, WindowKey.Floor(window.StartUnix, Seconds));

    /// <summary>Whether a window of the same series is one of this hour's.</summary>
    public bool Holds(long startUnix) => startUnix >= HourUnix && startUnix < HourUnix + Seconds;

    /// <exception cref="FormatException">It is not <c>seriesId|hourUnix</c>.</exception>
    public static BackfillKey Parse(string key)
    {
        var (series, hour) = WindowKey.Parse(key);
        return new(series, hour);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{SeriesId}|{HourUnix}");
}
