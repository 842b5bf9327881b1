using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Metrics;

/// <summary>The main figures of a range beside those of another.</summary>
internal sealed record Summary(
    Comparison Traffic, Comparison RequestsPerSecond, Comparison ErrorRate, Comparison P50Latency, Comparison P95Latency, Comparison P99Latency,
    Comparison AvgLatency,
    Comparison BytesIn, Comparison BytesOut, Comparison Apdex);

/// <summary><c>GET /metrics/summary</c>: each figure of a range beside the same of the range before.</summary>
internal sealed class MetricsSummary(MetricsScan scan, TimeProvider time)
{
    /// <summary>Apdex: up to this a user is satisfied, up to four times this tolerating.</summary>
    private const long ApdexMicros = 500_000;

    public static QuerySpec Spec { get; } = new([.. MetricsSelection.ComparedParameters, StatusFilter.Parameter], MetricsSelection.Fields);

    public async Task<Results<ApiResult<Summary, ComparedRangeMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var statuses = StatusFilter.Of(query);
        var selection = MetricsSelection.Of(query, perEndpoint: false, time);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var series = await scan.SeriesAsync(selection, ct);
        var (now, before) = await selection.BothAsync(range => scan.SumAsync(series.Keys, range, ct));
        var seconds = selection.Range.Length.TotalSeconds;
        return new ApiResult<Summary, ComparedRangeMetadata>(new(
            Traffic: CompareSums(f => Traffic(f)),
            RequestsPerSecond: Comparison.Of(Math.Round(Traffic(now) / seconds, 6), Math.Round(Traffic(before) * selection.ComparedScale / seconds, 6)),
            ErrorRate: Compare(MetricFigures.Rate),
            P50Latency: Compare(f => MetricFigures.Milliseconds(f.Quantile(0.50))),
            P95Latency: Compare(f => MetricFigures.Milliseconds(f.Quantile(0.95))),
            P99Latency: Compare(f => MetricFigures.Milliseconds(f.Quantile(0.99))),
            AvgLatency: Compare(f => MetricFigures.Milliseconds(f.AverageMicros)),
            BytesIn: CompareSums(f => f.RequestBytes),
            BytesOut: CompareSums(f => f.ResponseBytes),
            Apdex: Compare(Apdex)), ComparedRangeMetadata.Of(selection));

        long Traffic(WindowFigures figures) => statuses?.Count(figures) ?? figures.Count;
        Comparison CompareSums(Func<WindowFigures, double> sum) => Comparison.Of(sum(now), Math.Round(sum(before) * selection.ComparedScale));
        Comparison Compare(Func<WindowFigures, double> figure) => Comparison.Of(figure(now), figure(before));
    }

    private static double Apdex(WindowFigures figures)
    {
        if (figures.Count == 0)
        {
            return 0;
        }

        var satisfied = figures.Latency.CountUpTo(ApdexMicros);
        var tolerating = figures.Latency.CountUpTo(4 * ApdexMicros) - satisfied;
        return Math.Round((satisfied + (tolerating / 2.0)) / figures.Count, 4);
    }
}
