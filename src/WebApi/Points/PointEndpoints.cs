using Bayou.Access;
using Bayou.Http;
using Bayou.Ingest;

namespace Bayou.Points;

internal static class PointEndpoints
{
    public static IServiceCollection AddPointIngest(this IServiceCollection services) => services
        .AddSingleton<PointSeries>()
        .AddSingleton<PointStore>()
        .AddItems<PointBatch, PointItems>(provider => provider.GetRequiredService<PointStore>())
        .AddSingleton<HistogramRequests>()
        .AddHostedService(provider => provider.GetRequiredService<HistogramRequests>());

    public static IServiceCollection AddPointQueries(this IServiceCollection services) => services
        .AddSingleton<SeriesList>()
        .AddSingleton<SeriesQuery>();

    public static void MapSeries(this IEndpointRouteBuilder routes)
    {
        var series = routes.MapGroup("/series").WithTags("Series").IsRead().Needs(Permission.Read);
        series.MapGet("", (HttpContext http, SeriesList list, CancellationToken ct) => list.GetAsync(http, ct))
            .IsExpensive().Describe("ListSeries", "The metrics that OpenTelemetry sends, by name.", SeriesList.Spec);
        series.MapGet("/query", (HttpContext http, SeriesQuery query, CancellationToken ct) => query.GetAsync(http, ct))
            .IsExpensive().Describe("QuerySeries", "A metric over time: grouped, and added up as is asked.", SeriesQuery.Spec);
    }
}
