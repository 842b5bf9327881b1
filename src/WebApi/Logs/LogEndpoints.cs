using System.Text.Json.Nodes;
using Bayou.Access;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Segments;

namespace Bayou.Logs;

internal static class LogEndpoints
{
    public static IServiceCollection AddLogQueries(this IServiceCollection services) => services
        .AddSingleton<SegmentCatalogue<LogSegments>>()
        .AddSingleton<LogLines>()
        .AddSingleton<PatternPresence>()
        .AddSingleton<LogSearch>()
        .AddSingleton<LogFilter>()
        .AddSingleton<LogCounter>()
        .AddSingleton<LogRelevance>()
        .AddSingleton<LogList>()
        .AddSingleton<LogContext>()
        .AddSingleton<LogHistogram>()
        .AddSingleton<LogPatternList>()
        .AddSingleton<LogFacets>()
        .AddSingleton<LogExport>()
        .AddSingleton<LogStream>();

    public static void MapLogIngest(this IEndpointRouteBuilder routes) => routes.MapItems<LogBatch>("logs", typeof(LineDoc)).WithName("IngestLogs")
        .WithSummary("Takes log lines; 202 when they are durable.")
        .WithDescription(
            $"{IngestEndpoints.Description} A level that nobody knows is info, the original in meta.level; messages of more than 256 KiB are cut, and the "
                + $"answer says how many.");

    public static void MapLogs(this IEndpointRouteBuilder routes)
    {
        var logs = routes.MapGroup("/logs").WithTags("Logs").IsRead().Needs(Permission.Read);
        var provider = routes.ServiceProvider;
        var known = provider.GetRequiredService<PatternRegistry>();
        logs.AddEndpointFilter(async (call, next) =>
        {
            await known.FreshAsync(call.HttpContext.RequestAborted);
            return await next(call);
        });
        var list = provider.GetRequiredService<LogList>();
        logs.MapGet("", (HttpContext http, CancellationToken ct) => list.GetAsync(http, ct))
            .IsExpensive().Describe("ListLogs", "Log lines, newest first; with id__gt the new ones since.", list.Spec);
        var stream = provider.GetRequiredService<LogStream>();
        logs.MapGet("/stream", (HttpContext http, CancellationToken ct) => stream.GetAsync(http, ct))
            .IsStream().Produces<string>(StatusCodes.Status200OK, EventStream.ContentType)
            .Describe("StreamLogs", "Lines as they come, as server-sent events named log-update.", stream.Spec);
        var patterns = provider.GetRequiredService<LogPatternList>();
        logs.MapGet("/patterns", (HttpContext http, CancellationToken ct) => patterns.GetAsync(http, ct))
            .IsExpensive().Describe("ListLogPatterns", "What lines have in common, by how many there are in a range.", patterns.Spec);
        var histogram = provider.GetRequiredService<LogHistogram>();
        logs.MapGet("/histogram", (HttpContext http, CancellationToken ct) => histogram.GetAsync(http, ct))
            .IsExpensive().Describe("CountLogs", "How many lines there are over time, by level.", histogram.Spec);
        var facets = provider.GetRequiredService<LogFacets>();
        logs.MapGet("/facets", (HttpContext http, CancellationToken ct) => facets.GetAsync(http, ct))
            .IsExpensive().Describe("ListLogFacets", "The levels, sources and services of lines in a range, each with its number of lines.", facets.Spec);
        var export = provider.GetRequiredService<LogExport>();
        logs.MapGet("/export", (HttpContext http, CancellationToken ct) => export.GetAsync(http, ct))
            .IsExport().Produces<string>(StatusCodes.Status200OK, "application/x-ndjson", "text/csv")
            .Describe("ExportLogs", "All lines that the filters select, as NDJSON or CSV.", export.Spec);
        logs.MapGet("/{id:long}", (HttpContext http, LogContext context, long id, CancellationToken ct) => context.LineAsync(http, id, ct))
            .Describe("GetLog", "One line.", LogContext.LineSpec);
        logs.MapGet("/{id:long}/context", (HttpContext http, LogContext context, long id, CancellationToken ct) => context.GetAsync(http, id, ct))
            .Describe("GetLogContext", "The lines of the same source before and after one.", LogContext.Spec);
    }

    /// <summary>One item, for the API's document.</summary>
    private sealed record LineDoc(string Source, string? Service, string Level, string Message, JsonNode? Meta, DateTimeOffset? Time, string? TraceId) : IBody;
}
