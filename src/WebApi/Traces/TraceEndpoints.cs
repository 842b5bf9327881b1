using Bayou.Access;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Segments;

namespace Bayou.Traces;

internal static class TraceEndpoints
{
    public static IServiceCollection AddTraceIngest(this IServiceCollection services) => services
        .AddSingleton<SpanResources>()
        .AddSingleton<SegmentWriter<SpanSegments, SpanBatch>>()
        .AddItems<SpanBatch, SpanItems>(provider => provider.GetRequiredService<SegmentWriter<SpanSegments, SpanBatch>>());

    /// <remarks>What reads a project's spans is made for each request.</remarks>
    public static IServiceCollection AddTraceQueries(this IServiceCollection services) => services
        .AddScoped<SegmentCatalogue<SpanSegments>>()
        .AddScoped<Spans>()
        .AddScoped<ShortSpans>()
        .AddScoped<CallSpans>()
        .AddScoped<SpanTexts>()
        .AddScoped<WorkSpans>()
        .AddScoped<TraceWork>()
        .AddScoped<TraceList>()
        .AddScoped<TraceFacets>()
        .AddScoped<TraceFinder>()
        .AddScoped<TraceMap>()
        .AddScoped<TraceStream>();

    public static void MapTraces(this IEndpointRouteBuilder routes)
    {
        var traces = routes.MapGroup("/traces").WithTags("Traces").IsRead().Needs(Permission.Read);
        traces.MapGet("", (HttpContext http, TraceList list, CancellationToken ct) => list.GetAsync(http, ct))
            .IsExpensive().Describe("ListSpans", "Spans, newest first; with id__gt the new ones since.", TraceList.Spec);
        traces.MapGet("/stream", (HttpContext http, TraceStream stream, CancellationToken ct) => stream.GetAsync(http, ct))
            .IsStream().Produces<string>(StatusCodes.Status200OK, EventStream.ContentType)
            .Describe("StreamSpans", "Spans as they come, as server-sent events named span-update.", TraceStream.Spec);
        traces.MapGet("/facets", (HttpContext http, TraceFacets facets, CancellationToken ct) => facets.GetAsync(http, ct))
            .IsExpensive().Describe("ListSpanFacets", "How many spans there are of each service, name, kind and status.", TraceFacets.Spec);
        traces.MapGet("/map", (HttpContext http, TraceMap map, CancellationToken ct) => map.GetAsync(http, ct))
            .IsExpensive().Describe("GetServiceMap", "Services, and who calls whom: how often, how many fail, how long it takes.", TraceMap.Spec);
        traces.MapGet("/work", (HttpContext http, TraceWork work, CancellationToken ct) => work.GetAsync(http, ct))
            .IsExpensive().Describe("CompareSpans", "Which spans take longer in traces than in those of the range before.", TraceWork.Spec);
        traces.MapGet("/{trace_id}", (TraceFinder finder, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "trace_id")] string traceId, CancellationToken ct) =>
                finder.GetAsync(traceId, ct))
            .IsExpensive().WithName("GetTrace").WithSummary("A whole trace, up to its earliest 10,000 spans.");
    }
}
