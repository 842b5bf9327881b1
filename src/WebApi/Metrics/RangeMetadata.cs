namespace Bayou.Metrics;

/// <summary>Of which range an answer is: from its start to before its end, in UTC.</summary>
internal sealed record RangeMetadata(DateTime StartDate, DateTime EndDate)
{
    public static RangeMetadata Of(TimeRange range) => new(range.Start.UtcDateTime, range.End.UtcDateTime);
}

/// <param name="WindowSize">Seconds.</param>
internal sealed record WindowedRangeMetadata(long WindowSize, DateTime StartDate, DateTime EndDate)
{
    public static WindowedRangeMetadata Of(MetricsSelection selection, WindowGrid windows) =>
        new(windows.Seconds, selection.Range.Start.UtcDateTime, selection.Range.End.UtcDateTime);
}

/// <param name="CompareTo">Where the range begins that it is set beside.</param>
internal sealed record ComparedRangeMetadata(DateTime StartDate, DateTime EndDate, DateTime CompareTo)
{
    public static ComparedRangeMetadata Of(MetricsSelection selection) =>
        new(selection.Range.Start.UtcDateTime, selection.Range.End.UtcDateTime, selection.Compared.Start.UtcDateTime);
}
