using System.Text.Json.Nodes;
using Bayou.Access;
using Bayou.Feeds;
using Bayou.Geo;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Projects;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Replay;

internal static class ReplayEndpoints
{
    public static IServiceCollection AddReplayIngest(this IServiceCollection services) => services
        .AddSingleton<ClientAddresses>()
        .AddSingleton<SegmentWriter<SnapshotSegments, SnapshotBatch>>()
        .AddItems<SnapshotBatch, SnapshotKind>(provider => provider.GetRequiredService<SegmentWriter<SnapshotSegments, SnapshotBatch>>());

    /// <summary>What both taking them in and finding them need.</summary>
    public static IServiceCollection AddReplay(this IServiceCollection services) => services.AddSingleton<SnapshotTexts>();

    /// <remarks>What reads a project's captured requests is made for each request.</remarks>
    public static IServiceCollection AddReplayQueries(this IServiceCollection services) => services
        .AddScoped<SegmentCatalogue<SnapshotSegments>>()
        .AddScoped<Snapshots>()
        .AddScoped<ShortSnapshots>()
        .AddScoped<SnapshotFinder>()
        .AddScoped<SnapshotMeanings>()
        .AddScoped<ReplayFilter>()
        .AddScoped<ReplayList>()
        .AddScoped<ReplayFacets>()
        .AddScoped<ReplayStream>()
        .AddScoped<ReplayChoice>()
        .AddScoped<ReplayDeletes>()
        .AddScoped<ReplayOnce>()
        .AddScoped<ReplayHistory>()
        .AddScoped<ReplayRuns>()
        .AddScoped<ReplaySets>()
        .AddScoped<ReplayRules>();

    public static void MapReplayIngest(this IEndpointRouteBuilder routes) =>
        routes.MapItems<SnapshotBatch>("snapshots", typeof(SnapshotDoc)).WithName("IngestSnapshots")
            .WithSummary("Takes captured requests; 202 when they are durable.")
            .WithDescription(
                $"{IngestEndpoints.Description} A body is any JSON value, or a text. Secrets are taken out by their names and looks before anything is stored, "
                    + $"and marked with their length; bodies that are too long are cut, and the answer says how many. Where "
                    + "a request came from is told by geo_*, else by headers of the platform or x-geo-*, else by client_address, which is not kept, unless "
                    + "Bayou:Replay:ClientAddress says so.");

    public static void MapReplay(this IEndpointRouteBuilder routes)
    {
        var replay = routes.MapGroup("/replay").WithTags("Replay");
        replay.MapGet("", (HttpContext http, ReplayList list, CancellationToken ct) => list.GetAsync(http, ct)).Needs(Permission.Read).IsRead()
            .IsExpensive().Describe("ListSnapshots", "Captured requests, newest first; with id__gt the new ones since.", ReplayList.Spec);
        replay.MapGet("/stream", (HttpContext http, ReplayStream stream, CancellationToken ct) => stream.GetAsync(http, ct)).Needs(Permission.Read).IsRead()
            .IsStream().Produces<string>(StatusCodes.Status200OK, EventStream.ContentType)
            .Describe("StreamSnapshots", "Captured requests as they come, as server-sent events named snapshot-update.", ReplayStream.Spec);
        replay.MapGet("/facets", (HttpContext http, ReplayFacets facets, CancellationToken ct) => facets.GetAsync(http, ct)).Needs(Permission.Read).IsRead()
            .IsExpensive().Describe("ReplayFacets", "How many captured requests there are of each status, service, endpoint and so on.", ReplayFacets.Spec);
        replay.MapGet("/{id:long}", FindAsync).Needs(Permission.Read).IsRead().WithName("GetSnapshot").WithSummary("One captured request.");
        replay.MapDelete("/{id:long}", (HttpContext http, ReplayDeletes deletes, long id, CancellationToken ct) => deletes.OneAsync(http, id, ct))
            .Needs(Permission.Write).WithName("DeleteSnapshot").WithSummary("Deletes one captured request.");
        replay.MapDelete("", (HttpContext http, ReplayDeletes deletes, CancellationToken ct) => deletes.AllAsync(http, ct)).Needs(Permission.Write)
            .Describe("DeleteSnapshots", "Deletes the captured requests that the filters select, the newest 10,000 at once.", ReplayChoice.Spec);
        MapSending(replay);
    }

    /// <summary>What sends them again.</summary>
    private static void MapSending(RouteGroupBuilder replay)
    {
        replay.MapPost("/{id:long}/replay", (HttpContext http, ReplayOnce once, long id, CancellationToken ct) => once.PostAsync(http, id, ct))
            .Needs(Permission.Read).WithName("ReplaySnapshot")
            .WithSummary("Sends a captured request again, to its service's registered target, and compares the answers.")
            .WithDescription("Recorded credentials are never sent. What was cut or redacted is sent only once that is edited, else 409.")
            .WithMetadata(new BodySpec(RequestBody.Types, "What is to be other than it was recorded; may be left out.", typeof(ReplayBody)));
        replay.MapGet("/{id:long}/replays", (HttpContext http, ReplayHistory history, long id, CancellationToken ct) => history.GetAsync(http, id, ct))
            .Needs(Permission.Read).IsRead().Describe("ListReplays", "How a captured request was sent again, newest first.", ReplayHistory.Spec);
        replay.MapPost("/runs", (HttpContext http, ReplayRuns runs, CancellationToken ct) => runs.BeginAsync(http, ct)).Needs(Permission.Write)
            .WithName("BeginReplayRun").WithSummary("Sends many captured requests again, in the background.")
            .WithDescription($"They are those of the body's ids or set, or else all that the filters of the query select, up to {ReplayRuns.MostIds}.")
            .WithMetadata(ReplayChoice.Spec)
            .WithMetadata(new BodySpec(RequestBody.Types, "Which, and how.", typeof(ReplayRunBody)));
        replay.MapGet("/runs", (HttpContext http, ReplayRuns runs, CancellationToken ct) => runs.ListAsync(http, ct)).Needs(Permission.Read).IsRead()
            .Describe("ListReplayRuns", "Runs, newest first.", ReplayRuns.Spec);
        replay.MapGet("/runs/{id:long}", (ReplayRuns runs, long id, CancellationToken ct) => runs.FindAsync(id, ct)).Needs(Permission.Read).IsRead()
            .WithName("GetReplayRun").WithSummary("A run, by endpoint and request by request.");
        replay.MapGet("/sets", (ReplaySets sets, CancellationToken ct) => sets.ListAsync(ct)).Needs(Permission.Read).WithName("ListReplaySets")
            .WithSummary("Captured requests that are sent again and again, by name.");
        replay.MapPut("/sets/{name}", (HttpContext http, ReplaySets sets, string name, CancellationToken ct) => sets.PutAsync(http, name, ct))
            .Needs(Permission.Write).WithName("PutReplaySet").WithSummary("Saves a set of captured requests by name.")
            .WithMetadata(new BodySpec(RequestBody.Types, "Their ids.", typeof(ReplaySetBody)));
        replay.MapDelete("/sets/{name}", (HttpContext http, ReplaySets sets, string name, CancellationToken ct) => sets.DeleteAsync(http, name, ct))
            .Needs(Permission.Write).WithName("DeleteReplaySet").WithSummary("Forgets a set.");
        replay.MapGet("/ignores", (ReplayRules rules, CancellationToken ct) => rules.IgnoresAsync(ct)).Needs(Permission.Read).WithName("ListReplayIgnores")
            .WithSummary("Fields of answers that are not compared, by endpoint.");
        replay.MapPut("/ignores", (HttpContext http, ReplayRules rules, CancellationToken ct) => rules.PutIgnoresAsync(http, ct)).Needs(Permission.Write)
            .WithName("PutReplayIgnores").WithSummary("Says which fields of an endpoint's answers are not compared.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The endpoint, and all its fields that are not.", typeof(ReplayIgnores)));
        replay.MapGet("/blocks", (ReplayRules rules, ReplayStore store, CancellationToken ct) => rules.BlocksAsync(store, ct)).Needs(Permission.Read)
            .WithName("GetReplayBlocks").WithSummary("Parts of paths to which nothing is sent, beside /replay and /auth.");
        replay.MapPut("/blocks", (HttpContext http, ReplayRules rules, CancellationToken ct) => rules.PutBlocksAsync(http, ct)).Needs(Permission.Admin)
            .WithName("PutReplayBlocks").WithSummary("Says to which parts of paths nothing is sent.")
            .WithMetadata(new BodySpec(RequestBody.Types, "All of them.", typeof(ReplayBlocks)));
    }

    private static async Task<Results<ApiResult<SnapshotRow>, ApiProblem>> FindAsync(
        HttpContext http, SnapshotFinder finder, RecordedRequests recorded, long id, CancellationToken ct) =>
        await finder.FindAsync(id, ct) is { } row && (await recorded.ReadAsync(http.Project(), [id], ct)).FirstOrDefault() is { } raw
            ? new ApiResult<SnapshotRow>(row with { RawBody = raw.Body, RawResponseBody = raw.ResponseBody }) : ApiProblem.NotFound("captured request");

    /// <summary>One item, for the API's document.</summary>
    private sealed record SnapshotDoc(
        string Service, string Method, string Path, string? Route, JsonNode? Query, JsonNode? Headers, JsonNode? Body, bool? BodyTruncated, int StatusCode,
        JsonNode? ResponseHeaders, JsonNode? ResponseBody, bool? ResponseBodyTruncated, string? Error, double Duration, DateTimeOffset? Time, string? TraceId,
        string? UserId, string? Version, string? Stage, string? GeoCountry, string? GeoRegion, string? GeoCity, double? GeoLat, double? GeoLon,
        string? GeoSource, string? ClientAddress) : IBody;
}
