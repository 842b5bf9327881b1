using System.Text.Json.Nodes;
using Bayou.Access;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Projects;
using Bayou.Segments;

namespace Bayou.Logs;

internal static class LogEndpoints
{
    /// <remarks>What reads a project's lines is made for each request.</remarks>
    public static IServiceCollection AddLogQueries(this IServiceCollection services) => services
        .AddSingleton<PatternPresence>()
        .AddSingleton<Meanings>()
        .AddScoped(provider => provider.GetRequiredService<PatternRegistries>().Of(provider.GetRequiredService<CurrentProject>().Id))
        .AddScoped<SegmentCatalogue<LogSegments>>()
        .AddScoped<LogLines>()
        .AddScoped<LogSearch>()
        .AddScoped<LogFilter>()
        .AddScoped<LogCounter>()
        .AddScoped<LogRelevance>()
        .AddScoped<LogList>()
        .AddScoped<LogContext>()
        .AddScoped<LogHistogram>()
        .AddScoped<LogPatternList>()
        .AddScoped<LogFacets>()
        .AddScoped<LogExport>()
        .AddScoped<LogStream>();

    public static void MapLogIngest(this IEndpointRouteBuilder routes) => routes.MapItems<LogBatch>("logs", typeof(LineDoc)).WithName("IngestLogs")
        .WithSummary("Takes log lines; 202 when they are durable.")
        .WithDescription(
            $"{IngestEndpoints.Description} A level that nobody knows is info, the original in meta.level; messages of more than 256 KiB are cut, and the "
                + $"answer says how many.");

    public static void MapLogs(this IEndpointRouteBuilder routes)
    {
        var logs = routes.MapGroup("/logs").WithTags("Logs").IsRead().Needs(Permission.Read);
        logs.AddEndpointFilter(async (call, next) =>
        {
            await call.HttpContext.RequestServices.GetRequiredService<PatternRegistry>().FreshAsync(call.HttpContext.RequestAborted);
            return await next(call);
        });
        logs.MapGet("", (HttpContext http, LogList list, CancellationToken ct) => list.GetAsync(http, ct))
            .IsExpensive().Describe("ListLogs", "Log lines, newest first; with id__gt the new ones since.", LogList.Spec);
        logs.MapGet("/stream", (HttpContext http, LogStream stream, CancellationToken ct) => stream.GetAsync(http, ct))
            .IsStream().Produces<string>(StatusCodes.Status200OK, EventStream.ContentType)
            .Describe("StreamLogs", "Lines as they come, as server-sent events named log-update.", LogStream.Spec);
        logs.MapGet("/patterns", (HttpContext http, LogPatternList patterns, CancellationToken ct) => patterns.GetAsync(http, ct))
            .IsExpensive().Describe("ListLogPatterns", "What lines have in common, by how many there are in a range.", LogPatternList.Spec);
        logs.MapGet("/histogram", (HttpContext http, LogHistogram histogram, CancellationToken ct) => histogram.GetAsync(http, ct))
            .IsExpensive().Describe("CountLogs", "How many lines there are over time, by level.", LogHistogram.Spec);
        logs.MapGet("/facets", (HttpContext http, LogFacets facets, CancellationToken ct) => facets.GetAsync(http, ct))
            .IsExpensive().Describe("ListLogFacets", "The levels, sources and services of lines in a range, each with its number of lines.", LogFacets.Spec);
        logs.MapGet("/export", (HttpContext http, LogExport export, CancellationToken ct) => export.GetAsync(http, ct))
            .IsExport().Produces<string>(StatusCodes.Status200OK, "application/x-ndjson", "text/csv")
            .Describe("ExportLogs", "All lines that the filters select, as NDJSON or CSV.", LogExport.Spec);
        logs.MapGet("/{id:long}", (HttpContext http, LogContext context, long id, CancellationToken ct) => context.LineAsync(http, id, ct))
            .Describe("GetLog", "One line.", LogContext.LineSpec);
        logs.MapGet("/{id:long}/context", (HttpContext http, LogContext context, long id, CancellationToken ct) => context.GetAsync(http, id, ct))
            .Describe("GetLogContext", "The lines of the same source before and after one.", LogContext.Spec);
    }

    /// <summary>One item, for the API's document.</summary>
    private sealed record LineDoc(string Source, string? Service, string Level, string Message, JsonNode? Meta, DateTimeOffset? Time, string? TraceId) : IBody;
}
