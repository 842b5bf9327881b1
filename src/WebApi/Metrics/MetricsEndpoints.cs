using Bayou.Access;
using Bayou.Feeds;
using Bayou.Http;

namespace Bayou.Metrics;

internal static class MetricsEndpoints
{
    public static IServiceCollection AddMetricsQueries(this IServiceCollection services)
    {
        services.AddOptions<FeedOptions>().BindConfiguration(FeedOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        return services
            .AddSingleton<WindowMemory>()
            .AddSingleton<WindowFeeds>()
            .AddSingleton<MetricsScan>()
            .AddSingleton<MetricWindows>()
            .AddSingleton<MetricsStream>()
            .AddSingleton<MetricsHeatmap>()
            .AddSingleton<MetricsChanges>()
            .AddSingleton<MetricsServices>()
            .AddSingleton<MetricsFreshness>()
            .AddSingleton<MetricsLosses>()
            .AddSingleton<MetricsList>()
            .AddSingleton<MetricsAggregate>()
            .AddSingleton<MetricsTop>()
            .AddSingleton<MetricsSummary>()
            .AddSingleton<MetricsDistribution>()
            .AddSingleton<MetricsPrometheus>()
            .AddSingleton<MetricsEndpointList>();
    }

    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        var metrics = routes.MapGroup("/metrics").WithTags("Metrics").IsRead().Needs(Permission.Read);
        metrics.MapGet("", (HttpContext http, MetricsList list, CancellationToken ct) => list.GetAsync(http, ct))
            .IsExpensive().Describe("ListMetrics", "60-second windows per endpoint, newest first; with id__gt the changed ones since.", MetricsList.Spec);
        metrics.MapGet("/aggregate", (HttpContext http, MetricsAggregate aggregate, CancellationToken ct) => aggregate.GetAsync(http, ct))
            .IsExpensive().Describe("AggregateMetrics", "Windows merged into longer ones; percentiles from merged sketches.", MetricsAggregate.Spec);
        metrics.MapGet("/top", (HttpContext http, MetricsTop top, CancellationToken ct) => top.GetAsync(http, ct))
            .IsExpensive().Describe("TopMetrics", "What made most of the traffic, errors, latency or time of a range.", MetricsTop.Spec);
        metrics.MapGet("/summary", (HttpContext http, MetricsSummary summary, CancellationToken ct) => summary.GetAsync(http, ct))
            .IsExpensive().Describe("SummarizeMetrics", "The main figures of a range beside those of the range before.", MetricsSummary.Spec);
        metrics.MapGet("/distribution", (HttpContext http, MetricsDistribution distribution, CancellationToken ct) => distribution.GetAsync(http, ct))
            .IsExpensive().Describe("DistributeMetrics", "A latency histogram of a range.", MetricsDistribution.Spec);
        metrics.MapGet("/heatmap", (HttpContext http, MetricsHeatmap heatmap, CancellationToken ct) => heatmap.GetAsync(http, ct))
            .IsExpensive().Describe("MapLatencies", "Latencies over time: requests per window and latency.", MetricsHeatmap.Spec);
        metrics.MapGet("/changes", (HttpContext http, MetricsChanges changes, CancellationToken ct) => changes.GetAsync(http, ct))
            .IsExpensive().Describe("ExplainChange", "Which endpoints, statuses and countries made a range differ from the one before.", MetricsChanges.Spec);
        metrics.MapGet("/stream", (HttpContext http, MetricsStream stream, CancellationToken ct) => stream.GetAsync(http, ct))
            .IsStream().Produces<string>(StatusCodes.Status200OK, EventStream.ContentType)
            .Describe("StreamMetrics", "Windows as they change, as server-sent events named metric-update.", MetricsStream.Spec);
        metrics.MapGet("/freshness", (HttpContext http, MetricsFreshness freshness, CancellationToken ct) => freshness.GetAsync(http, ct))
            .Describe("Freshness", "How far behind what is shown may be, and what is missing from it.", MetricsFreshness.Spec);
        metrics.MapGet("/losses", (HttpContext http, MetricsLosses losses, CancellationToken ct) => losses.GetAsync(http, ct))
            .Describe("ListLosses", "What is missing from a range, by service: refused, or dropped by its sender.", MetricsLosses.Spec);
        metrics.MapGet("/services", (HttpContext http, MetricsServices services, CancellationToken ct) => services.GetAsync(http, ct))
            .Describe("ListServices", "Every service that has been seen.", MetricsServices.Spec);
        metrics.MapGet("/prometheus", (HttpContext http, MetricsPrometheus prometheus, CancellationToken ct) => prometheus.GetAsync(http, ct))
            .IsExpensive().Produces<string>(StatusCodes.Status200OK, "text/plain")
            .Describe("Prometheus", "Requests, errors and durations of every service since midnight UTC, as Prometheus's text has them.",
                MetricsPrometheus.Spec);
        metrics.MapGet("/endpoints", (HttpContext http, MetricsEndpointList endpoints, CancellationToken ct) => endpoints.GetAsync(http, ct))
            .IsExpensive().Describe("ListEndpoints", "Every service and endpoint that has been seen.", MetricsEndpointList.Spec);
    }
}
