using Bayou.Http;

namespace Bayou.Metrics;

internal static class MetricsEndpoints
{
    public static IServiceCollection AddMetricsQueries(this IServiceCollection services) => services
        .AddSingleton<MetricsScan>()
        .AddSingleton<MetricsList>()
        .AddSingleton<MetricsAggregate>()
        .AddSingleton<MetricsTop>()
        .AddSingleton<MetricsSummary>()
        .AddSingleton<MetricsDistribution>()
        .AddSingleton<MetricsEndpointList>();

    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        var metrics = routes.MapGroup("/metrics").WithTags("Metrics");
        metrics.MapGet("", (HttpContext http, MetricsList list, CancellationToken ct) => list.GetAsync(http, ct))
            .Describe("ListMetrics", "60-second windows per endpoint, newest first; with id__gt the changed ones since.", MetricsList.Spec);
        metrics.MapGet("/aggregate", (HttpContext http, MetricsAggregate aggregate, CancellationToken ct) => aggregate.GetAsync(http, ct))
            .Describe("AggregateMetrics", "Windows merged into longer ones; percentiles from merged sketches.", MetricsAggregate.Spec);
        metrics.MapGet("/top", (HttpContext http, MetricsTop top, CancellationToken ct) => top.GetAsync(http, ct))
            .Describe("TopMetrics", "What made most of the traffic, errors, latency or time of a range.", MetricsTop.Spec);
        metrics.MapGet("/summary", (HttpContext http, MetricsSummary summary, CancellationToken ct) => summary.GetAsync(http, ct))
            .Describe("SummarizeMetrics", "The main figures of a range beside those of the range before.", MetricsSummary.Spec);
        metrics.MapGet("/distribution", (HttpContext http, MetricsDistribution distribution, CancellationToken ct) => distribution.GetAsync(http, ct))
            .Describe("DistributeMetrics", "A latency histogram of a range.", MetricsDistribution.Spec);
        metrics.MapGet("/endpoints", (HttpContext http, MetricsEndpointList endpoints, CancellationToken ct) => endpoints.GetAsync(http, ct))
            .Describe("ListEndpoints", "Every service and endpoint that has been seen.", MetricsEndpointList.Spec);
    }

    private static void Describe(this RouteHandlerBuilder route, string name, string summary, QuerySpec spec) =>
        route.WithName(name).WithSummary(summary).WithMetadata(spec);
}
