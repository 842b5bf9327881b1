using Bayou.Http;

namespace Bayou.Metrics;

/// <summary><c>GET /metrics/summary</c>: each figure of a range beside the same of the range before.</summary>
internal sealed class MetricsSummary(MetricsScan scan, TimeProvider time)
{
    /// <summary>Apdex: up to this a user is satisfied, up to four times this tolerating.</summary>
    private const long ApdexMicros = 500_000;

    public static QuerySpec Spec { get; } = new([.. MetricsSelection.ComparedParameters, StatusFilter.Parameter], MetricsSelection.Fields);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
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
        return new ApiResult(new
        {
            traffic = CompareSums(f => Traffic(f)),
            requests_per_second = Comparison.Of(Math.Round(Traffic(now) / seconds, 6), Math.Round(Traffic(before) * selection.ComparedScale / seconds, 6)),
            error_rate = Compare(MetricFigures.Rate),
            p50_latency = Compare(f => MetricFigures.Milliseconds(f.Quantile(0.50))),
            p95_latency = Compare(f => MetricFigures.Milliseconds(f.Quantile(0.95))),
            p99_latency = Compare(f => MetricFigures.Milliseconds(f.Quantile(0.99))),
            avg_latency = Compare(f => MetricFigures.Milliseconds(f.AverageMicros)),
            bytes_in = CompareSums(f => f.RequestBytes),
            bytes_out = CompareSums(f => f.ResponseBytes),
            apdex = Compare(Apdex),
        }, new { start_date = selection.Range.Start.UtcDateTime, end_date = selection.Range.End.UtcDateTime, compare_to = selection.Compared.Start.UtcDateTime });

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
