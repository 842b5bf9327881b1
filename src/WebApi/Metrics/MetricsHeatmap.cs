using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Metrics;

/// <summary>One window's latencies: <paramref name="Counts"/> has a count for each pair of neighbouring edges.</summary>
internal sealed record HeatmapColumn(DateTime WindowStart, DateTime WindowEnd, IReadOnlyList<long> Counts);

/// <param name="Edges">Of its rows, in milliseconds.</param>
internal sealed record Heatmap(IEnumerable<double> Edges, IEnumerable<HeatmapColumn> Windows);

/// <summary><c>GET /metrics/heatmap</c>: how many requests took how long, over time, from merged sketches.</summary>
internal sealed class MetricsHeatmap(MetricsScan scan, TimeProvider time)
{
    private const int DefaultPoints = 120;
    private const int MaxPoints = 1_000;

    // Six rows a decade. Fixed, so that rows do not move while one watches.
    private static readonly double[] Decade = [1, 1.5, 2, 3, 5, 7];

    public static QuerySpec Spec { get; } = new(
        [.. MetricsSelection.Parameters, ("window_size", "Seconds, a multiple of 60; at most 120 windows unless told.")],
        MetricsSelection.Fields);

    public async Task<Results<ApiResult<Heatmap, WindowedRangeMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var size = WindowGrid.SizeOf(query);
        var selection = MetricsSelection.Of(query, perEndpoint: false, time);
        if (size is { } asked && selection.Range.Length.TotalSeconds / asked > MaxPoints)
        {
            query.Fail("window_size", $"is too small for this range; an answer has at most {MaxPoints} windows");
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        var grid = new WindowGrid(size ?? WindowGrid.Fitting(selection.Range.Length, DefaultPoints), TimeZoneInfo.Utc);
        var merged = await scan.MergeAsync((await scan.SeriesAsync(selection, ct)).Keys, selection.Range, grid.Longest, (_, start) => grid.StartOf(start), ct);
        var edges = Edges([.. merged.Values.Select(figures => figures.Latency)]);
        var columns = merged.OrderBy(pair => pair.Key).Select(pair => new HeatmapColumn(pair.Key, grid.EndOf(pair.Key), Counts(pair.Value.Latency, edges)));
        return new ApiResult<Heatmap, WindowedRangeMetadata>(new(edges.Select(MetricFigures.Milliseconds), columns), WindowedRangeMetadata.Of(selection, grid));
    }

    /// <summary>In microseconds, from the one below the shortest latency to the one above the longest; durations of 0 have a row of their own.</summary>
    internal static List<double> Edges(IReadOnlyList<LatencySketch> sketches)
    {
        var bins = sketches.SelectMany(sketch => sketch.Bins()).ToList();
        if (bins.Count == 0)
        {
            return sketches.Any(sketch => sketch.Zeros > 0) ? [0, 1] : [];
        }

        var all = Enumerable.Range(0, 11).SelectMany(power => Decade.Select(step => step * Math.Pow(10, power))).ToList();
        var (shortest, longest) = (Middle(bins.MinBy(bin => bin.LowerMicros)), Middle(bins.MaxBy(bin => bin.UpperMicros)));
        var first = Math.Max(0, all.FindLastIndex(edge => edge <= shortest));
        var last = all.FindIndex(first + 1, edge => edge > longest);
        var edges = all[first..((last < 0 ? all.Count - 1 : last) + 1)];
        return sketches.Any(sketch => sketch.Zeros > 0) ? [0, .. edges] : edges;
    }

    /// <summary>A bin of the sketch goes whole to the row of its middle: it is 2 % wide, a row 40.</summary>
    internal static long[] Counts(LatencySketch sketch, List<double> edges)
    {
        var counts = new long[Math.Max(0, edges.Count - 1)];
        if (counts.Length == 0)
        {
            return counts;
        }

        counts[0] = sketch.Zeros;
        foreach (var bin in sketch.Bins())
        {
            var at = edges.BinarySearch(Middle(bin));
            counts[Math.Clamp(at >= 0 ? at : ~at - 1, 0, counts.Length - 1)] += bin.Count;
        }

        return counts;
    }

    private static double Middle((double LowerMicros, double UpperMicros, long) bin) => (bin.LowerMicros + bin.UpperMicros) / 2;
}
