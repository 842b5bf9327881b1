using Bayou.Geo;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Windows;

namespace Bayou.Requests;

internal static class RequestEndpoints
{
    /// <summary>What takes observations of requests in.</summary>
    public static IServiceCollection AddRequestIngest(this IServiceCollection services) => services
        .AddSingleton<SeriesRegistry>()
        .AddSingleton<LossCounter>()
        .AddSingleton<GeoDatabase>()
        .AddItems<ObservationBatch, RequestKind>(provider => provider.GetRequiredService<Journal>())
        .AddHostedService(provider => provider.GetRequiredService<LossCounter>());

    public static void MapRequestIngest(this IEndpointRouteBuilder routes) => routes.MapItems<ObservationBatch>("requests", typeof(ObservationDoc))
        .WithName("IngestRequests")
        .WithSummary("Takes finished HTTP requests; 202 when they are durable.")
        .WithDescription($"{IngestEndpoints.Description} A request without country has that of its client_address, which is not kept.");

    /// <summary>One item, for the API's document.</summary>
    private sealed record ObservationDoc(
        string Service, string Method, string? Route, string? Path, int Status, double DurationMs, DateTimeOffset Time,
        long? RequestSize, long? ResponseSize, string? TraceId, string? Country, string? Version, string? ClientAddress) : IBody;
}
