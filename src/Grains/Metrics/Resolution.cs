using System.Globalization;

namespace Bayou.Metrics;

/// <summary>A length of windows that are stored, and the table that has them, in partitions of equal length.</summary>
public sealed class Resolution
{
    private readonly long _partitionSeconds;

    private Resolution(int seconds, string table, int partitionDays)
    {
        (Seconds, Table) = (seconds, table);
        _partitionSeconds = partitionDays * 86_400L;
    }

    /// <summary>What the window grains write.</summary>
    public static Resolution Minute { get; } = new(60, "metric_windows", 1);

    public static Resolution TenMinutes { get; } = new(600, "metric_rollups_600", 7);

    public static Resolution Hour { get; } = new(3_600, "metric_rollups_3600", 30);

    public static Resolution Day { get; } = new(86_400, "metric_rollups_86400", 365);

    /// <summary>From the finest to the coarsest.</summary>
    public static IReadOnlyList<Resolution> All { get; } = [Minute, TenMinutes, Hour, Day];

    public int Seconds { get; }

    public TimeSpan Length => TimeSpan.FromSeconds(Seconds);

    public string Table { get; }

    /// <summary>The start of the window that holds a moment.</summary>
    public DateTimeOffset StartOf(DateTimeOffset time) => Floor(time, Seconds);

    /// <summary>The start of the partition that holds a moment.</summary>
    public DateTimeOffset PartitionOf(DateTimeOffset time) => Floor(time, _partitionSeconds);

    public DateTimeOffset PartitionEnd(DateTimeOffset partition) => partition.AddSeconds(_partitionSeconds);

    public string PartitionName(DateTimeOffset partition) => string.Create(CultureInfo.InvariantCulture, $"{Table}_{partition:yyyyMMdd}");

    /// <summary>For how long its windows are kept.</summary>
    public TimeSpan Retention(MetricsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return TimeSpan.FromDays(Seconds switch
        {
            60 => options.RetentionDays,
            600 => options.TenMinuteRetentionDays,
            3_600 => options.HourRetentionDays,
            _ => options.DayRetentionDays,
        });
    }

    private static DateTimeOffset Floor(DateTimeOffset time, long seconds) =>
        DateTimeOffset.FromUnixTimeSeconds(WindowKey.Floor(time.ToUnixTimeSeconds(), seconds));
}
