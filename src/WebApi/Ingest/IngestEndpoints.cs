using System.Text.Json.Nodes;
using Bayou.Http;
using Bayou.Logs;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Bayou.Ingest;

internal static class IngestEndpoints
{
    private const int MaxKeyLength = 255;
    private const string KeyHeader = "Idempotency-Key";
    private const long MaxDropped = 1_000_000_000;

    public static void MapIngest(this IEndpointRouteBuilder routes)
    {
        var ingest = routes.MapGroup("/ingest/v1").WithTags("Ingest");
        ingest.MapPost("/requests", TakeRequestsAsync).WithName("IngestRequests")
            .WithSummary("Takes finished HTTP requests; 202 when they are durable.")
            .WithDescription("A JSON array or NDJSON of observations, plain, gzip or br. Valid items of a partly bad batch are kept, and an optional field "
                + "that cannot be used is left out and named in warnings. "
                + "With an Idempotency-Key a repeat within 24 h changes nothing. A sender that had to drop observations may say how many in "
                + "the header x-bayou-dropped.")
            .WithMetadata(new BodySpec(RequestBody.Types, "An array of these, or one a line.", typeof(ObservationDoc)));
        ingest.MapPost("/logs", TakeLogsAsync).WithName("IngestLogs")
            .WithSummary("Takes log lines; 202 when they are durable.")
            .WithDescription("A JSON array or NDJSON of lines, plain, gzip or br. Valid items of a partly bad batch are kept; an optional field that cannot be used is left out "
                + "and named in warnings; a level that nobody knows is info, the original in meta.level; messages of more than 256 KiB are "
                + "cut, and the answer says how many. With an Idempotency-Key a repeat within 24 h changes nothing.")
            .WithMetadata(new BodySpec(RequestBody.Types, "An array of these, or one a line.", typeof(LineDoc)));
    }

    private static Task<IResult> TakeRequestsAsync(HttpContext http, RequestIngest ingest, RequestBody bodies, IOptions<IngestOptions> options, CancellationToken ct) =>
        TakeAsync(http, bodies, options.Value, (body, key, dropped) => ingest.TakeAsync(body, key, dropped, ct), ct);

    private static Task<IResult> TakeLogsAsync(HttpContext http, LogIngest ingest, RequestBody bodies, IOptions<IngestOptions> options, CancellationToken ct) =>
        TakeAsync(http, bodies, options.Value, (body, key, dropped) => ingest.TakeAsync(body, key, dropped, ct), ct);

    private static async Task<IResult> TakeAsync(
        HttpContext http, RequestBody bodies, IngestOptions options, Func<ReadOnlyMemory<byte>, string?, long, Task<IngestOutcome>> take, CancellationToken ct)
    {
        var keys = http.Request.Headers[KeyHeader];
        if (keys.Count > 1 || keys.ToString() is { Length: > MaxKeyLength } || (keys.Count == 1 && keys.ToString().Length == 0))
        {
            return ApiProblem.Validation("The Idempotency-Key cannot be used.",
                new FieldError("idempotency-key", $"must be given once, with 1 to {MaxKeyLength} characters"));
        }

        var dropped = 0L;
        if (http.Request.Headers[RequestIngest.DroppedHeader] is { Count: > 0 } drops && (!long.TryParse(drops, out dropped) || dropped is < 0 or > MaxDropped))
        {
            return ApiProblem.Validation($"{RequestIngest.DroppedHeader} cannot be used.", new FieldError(RequestIngest.DroppedHeader, $"must be a whole number from 0 to {MaxDropped}"));
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Ours to keep: the server's own limit closes the connection before the sender can read why.
            limit.MaxRequestBodySize = null;
        }

        var (body, unreadable) = await bodies.ReadAsync(http, options.MaxBodyBytes, ct);
        if (body is null)
        {
            return unreadable!;
        }

        using (body)
        {
            var outcome = await take(body.Bytes, keys.Count == 0 ? null : keys.ToString(), dropped);
            if (outcome == IngestOutcome.NoAnswer)
            {
                http.Abort();
                return Results.Empty;
            }

            return outcome.Problem ?? (IResult)new ApiResult(outcome.Taken, Status: StatusCodes.Status202Accepted);
        }
    }

    /// <summary>One item, for the API's document.</summary>
    private sealed record ObservationDoc(
        string Service, string Method, string? Route, string? Path, int Status, double DurationMs, DateTimeOffset Time,
        long? RequestSize, long? ResponseSize, string? TraceId, string? Country, string? Version);

    /// <summary>The same of logs.</summary>
    private sealed record LineDoc(string Source, string? Service, string Level, string Message, JsonNode? Meta, DateTimeOffset? Time, string? TraceId);
}
