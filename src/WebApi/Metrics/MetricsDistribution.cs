using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Metrics;

/// <summary>How many requests took from <paramref name="From"/> to <paramref name="To"/> milliseconds.</summary>
internal sealed record LatencyBucket(double From, double To, long Count);

/// <summary>Latencies in milliseconds.</summary>
internal sealed record Distribution(
    long Count, double P50Latency, double P95Latency, double P99Latency, double MaxLatency, IReadOnlyList<LatencyBucket> Buckets);

/// <summary><c>GET /metrics/distribution</c>: a latency histogram from merged sketches; its buckets widen with the latency.</summary>
internal sealed class MetricsDistribution(MetricsScan scan, TimeProvider time)
{
    private const int DefaultBuckets = 40;

    public static QuerySpec Spec { get; } = new(
        [.. MetricsSelection.Parameters, ("buckets", "Most buckets, 1 to 500; 40 unless told.")],
        MetricsSelection.Fields);

    public async Task<Results<ApiResult<Distribution, RangeMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var most = (int)(query.Integer("buckets", 1, 500) ?? DefaultBuckets);
        var selection = MetricsSelection.Of(query, perEndpoint: false, time);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var sum = await scan.SumAsync((await scan.SeriesAsync(selection, ct)).Keys, selection.Range, ct);
        return new ApiResult<Distribution, RangeMetadata>(new(
            sum.Count,
            P50Latency: MetricFigures.Milliseconds(sum.Quantile(0.50)),
            P95Latency: MetricFigures.Milliseconds(sum.Quantile(0.95)),
            P99Latency: MetricFigures.Milliseconds(sum.Quantile(0.99)),
            MaxLatency: MetricFigures.Milliseconds(sum.DurationMaxMicros),
            Buckets(sum.Latency, most)), RangeMetadata.Of(selection.Range));
    }

    /// <summary>Equal steps of the logarithm over what there is, so that the short and the long are told apart alike.</summary>
    internal static List<LatencyBucket> Buckets(LatencySketch sketch, int most)
    {
        var bins = sketch.Bins().ToList();
        if (sketch.Zeros > 0)
        {
            bins.Insert(0, (0, 1, sketch.Zeros));
        }

        if (bins.Count == 0)
        {
            return [];
        }

        var lowest = Math.Log(Math.Max(bins[0].LowerMicros, 0.5));
        var step = (Math.Log(bins[^1].UpperMicros) - lowest) / most;
        return [.. bins
            .GroupBy(bin => Math.Min(most - 1, (int)((Math.Log(bin.UpperMicros) - lowest) / step - 1e-9)))
            .Select(group => new LatencyBucket(
                MetricFigures.Milliseconds(group.First().LowerMicros), MetricFigures.Milliseconds(group.Last().UpperMicros), group.Sum(bin => bin.Count)))];
    }
}
