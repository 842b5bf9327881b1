using Bayou.Http;
using Bayou.Requests;

namespace Bayou.Metrics;

/// <summary>A range of time, half-open.</summary>
internal readonly record struct TimeRange(DateTimeOffset Start, DateTimeOffset End)
{
    public TimeSpan Length => End - Start;

    /// <summary>Total length of the windows that start in the range; longer than the range if it ends within a minute.</summary>
    public TimeSpan WindowsLength => TimeSpan.FromMinutes(MinutesUpTo(End) - MinutesUpTo(Start));

    private static double MinutesUpTo(DateTimeOffset time) => Math.Ceiling(time.Ticks / (double)TimeSpan.TicksPerMinute);

    /// <summary>The range of the same length just before.</summary>
    public TimeRange Before => new(Start - DateTimeOffset.MinValue < Length ? DateTimeOffset.MinValue : Start - Length, Start);

    private static TimeSpan DefaultLength => TimeSpan.FromHours(1);

    /// <summary>What <c>start_date</c> and <c>end_date</c> say.</summary>
    public static TimeRange Of(QueryReader query, TimeProvider time)
    {
        var end = query.Time("end_date") ?? time.GetUtcNow();
        var start = query.Time("start_date") ?? (end - DateTimeOffset.MinValue < DefaultLength ? DateTimeOffset.MinValue : end - DefaultLength);
        if (start < end)
        {
            return new(start, end);
        }

        query.Fail("start_date", "must be before end_date");
        return new(start, start);
    }
}

/// <summary>Which series of which time a question is about.</summary>
/// <param name="Whole">Whether it is of whole services, which also count countries.</param>
/// <param name="Compared">The range it is set beside.</param>
internal sealed record MetricsSelection(FilterSql Series, TimeRange Range, TimeRange Compared, bool IsTotal)
{
    /// <summary>
    /// What a count of the compared range is multiplied with to be one of the same length. A live range ends within a minute, the windows
    /// of the other are whole.
    /// </summary>
    public double ComparedScale => Compared.WindowsLength > TimeSpan.Zero ? Range.Length / Compared.WindowsLength : 1;

    /// <summary>The same of both ranges, at the same time.</summary>
    public async Task<(T Now, T Before)> BothAsync<T>(Func<TimeRange, Task<T>> ask)
    {
        var both = await Task.WhenAll(ask(Range), ask(Compared));
        return (both[0], both[1]);
    }

    public static IReadOnlyList<(string Name, string Meaning)> Parameters { get; } =
    [
        ("start_date", "Start of the range; an hour before its end unless told."),
        ("end_date", "End of the range, not in it; now unless told."),
    ];

    /// <summary>Of a question that sets a range beside another.</summary>
    public static IReadOnlyList<(string Name, string Meaning)> ComparedParameters { get; } =
        [.. Parameters, ("compare_to", "Start of the range to compare with, of the same length; the one just before unless told.")];

    public static IReadOnlyList<FilterField> Fields { get; } =
        [new("service", "s.service", FieldType.Text), new("endpoint", "s.endpoint", FieldType.Text)];

    /// <param name="perEndpoint">Whether endpoints are to be told apart; else whole services are read where they can be.</param>
    public static MetricsSelection Of(QueryReader query, bool perEndpoint, TimeProvider time)
    {
        var range = TimeRange.Of(query, time);
        var compared = query.Time("compare_to") is { } other
            ? new(other, other + (DateTimeOffset.MaxValue - other < range.Length ? TimeSpan.Zero : range.Length)) : range.Before;
        var isTotal = !perEndpoint && !query.Filters("endpoint");
        var series = new FilterSql();
        series.Add($"s.project_id = {query.Project}");
        query.Filters(series);
        if (query.Names("endpoint", SeriesName.ServiceTotal))
        {
            // Merged with its own endpoints, a service would count twice.
            if (query.FiltersExcept("endpoint", SeriesName.ServiceTotal))
            {
                query.Fail("endpoint", "* is all endpoints together and cannot be merged with one of them");
            }

            isTotal = true;
        }
        else
        {
            series.Add(isTotal ? $"s.endpoint = {SeriesName.ServiceTotal}" : (FormattableString)$"s.endpoint <> {SeriesName.ServiceTotal}");
        }

        return new(series, range, compared, isTotal);
    }
}
