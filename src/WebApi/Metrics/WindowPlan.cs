namespace Bayou.Metrics;

/// <summary>Windows of one resolution that start in a range, half-open.</summary>
internal readonly record struct PlannedRange(Resolution Resolution, DateTimeOffset Start, DateTimeOffset End);

/// <summary>Which windows together stand for a range: the longest that fit, and that have all that was written.</summary>
internal static class WindowPlan
{
    // Windows just past retention are still stored, and may hold data that was accepted while they were within it.
    private static readonly TimeSpan Grace = TimeSpan.FromHours(12);

    /// <param name="longest">Seconds; no longer window may be used, for it would not fit into one part of the answer.</param>
    /// <param name="marks">Windows that are not merged from all that is finer, by their length in seconds and their start.</param>
    public static List<PlannedRange> Of(
        TimeRange range, long longest, IReadOnlySet<(int Seconds, DateTimeOffset Start)> marks, DateTimeOffset now, MetricsOptions options)
    {
        // Nothing older is kept, and nothing further in the future is accepted.
        var oldest = Resolution.Day.PartitionOf(now - Resolution.Day.Retention(options)).AddDays(-1);
        var newest = now.AddDays(1);
        var (start, end) = (range.Start > oldest ? range.Start : oldest, range.End < newest ? range.End : newest);
        var segments = new List<PlannedRange>();

        // What is not in a window is not in any longer one either.
        var unfinished = marks.SelectMany(mark => Resolution.All.Where(r => r.Seconds >= mark.Seconds).Select(r => (r, r.StartOf(mark.Start)))).ToHashSet();
        for (var at = start < end ? Ceiling(start, Resolution.Minute) : end; at < end;)
        {
            var finest = Resolution.All.FirstOrDefault(resolution => at >= now - resolution.Retention(options) - Grace, Resolution.Day);
            if (finest.StartOf(at) != at)
            {
                // Finer windows are gone here, and one that begins before the range is not part of it.
                at = Ceiling(at, finest);
                continue;
            }

            var resolution =
                Resolution.All.LastOrDefault(r => r.Seconds <= longest && r.StartOf(at) == at && at + r.Length <= end && !unfinished.Contains((r, at)), finest);
            resolution = resolution.Seconds < finest.Seconds ? finest : resolution;
            if (segments.Count > 0 && segments[^1] is var last && last.Resolution == resolution && last.End == at)
            {
                segments[^1] = last with { End = at + resolution.Length };
            }
            else
            {
                segments.Add(new(resolution, at, at + resolution.Length));
            }

            at += resolution.Length;
        }

        return segments;
    }

    /// <summary>Whether a range is long enough for anything but windows of a minute.</summary>
    public static bool IsWorthwhile(TimeRange range, long longest, DateTimeOffset now, MetricsOptions options) =>
        (longest >= Resolution.TenMinutes.Seconds && range.Length > Resolution.TenMinutes.Length)
            || range.Start < now - Resolution.Minute.Retention(options) - Grace;

    /// <summary>The longest windows of which none reaches over one of these moments, in seconds since the epoch or since any midnight.</summary>
    public static long Longest(IEnumerable<long> boundaries)
    {
        var longest = Resolution.All[^1].Seconds;
        foreach (var boundary in boundaries)
        {
            while (longest > Resolution.Minute.Seconds && boundary % longest != 0)
            {
                longest = Resolution.All.Last(resolution => resolution.Seconds < longest).Seconds;
            }
        }

        return longest;
    }

    private static DateTimeOffset Ceiling(DateTimeOffset time, Resolution resolution)
    {
        var start = resolution.StartOf(time);
        return start == time ? start : start + resolution.Length;
    }
}
