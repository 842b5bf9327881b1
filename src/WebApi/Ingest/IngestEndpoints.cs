using Bayou.Access;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Bayou.Ingest;

internal static class IngestEndpoints
{
    private const int MaxKeyLength = 255;
    private const string KeyHeader = "Idempotency-Key";
    private const long MaxDropped = 1_000_000_000;

    /// <summary>By which a sender says how many items it had to drop.</summary>
    public const string DroppedHeader = "x-bayou-dropped";

    /// <summary>What is true of every kind of item.</summary>
    public const string Description =
        "A JSON array or NDJSON of items, plain, gzip or br. Valid items of a partly bad batch are kept, and an optional field that cannot be used is left out "
        + "and named in warnings. With an Idempotency-Key a repeat within 24 h changes nothing. A sender that had to drop items may say how many in the "
        + "header x-bayou-dropped.";

    /// <summary>Takes items of a kind at <c>POST /ingest/v1/{name}</c>.</summary>
    /// <param name="item">One of them, for the API's document.</param>
    public static RouteHandlerBuilder MapItems<TBatch>(this IEndpointRouteBuilder routes, string name, Type item)
        where TBatch : class, IIngestBatch => routes
        .MapPost($"/ingest/v1/{name}", (HttpContext http, IngestDoor<TBatch> door, RequestBody bodies, IOptions<IngestOptions> options, CancellationToken ct) =>
            AcceptAsync(http, bodies, options.Value, (body, key, dropped) => door.AcceptAsync(http.Project(), body, key, dropped, ct), ct))
        .Needs(Permission.Ingest | Permission.IngestFromBrowser)
        .WithTags("Ingest")
        .WithMetadata(new BodySpec(RequestBody.Types, "An array of these, or one a line.", item));

    /// <summary>What the sender names its request, so that a repeat changes nothing.</summary>
    /// <returns>Null for none; or why it cannot be used.</returns>
    public static (string? Key, ApiProblem? Problem) KeyOf(HttpContext http)
    {
        var keys = http.Request.Headers[KeyHeader];
        return keys.Count > 1 || keys.ToString() is { Length: > MaxKeyLength } || (keys.Count == 1 && keys.ToString().Length == 0)
            ? (null, ApiProblem.Validation("The Idempotency-Key cannot be used.",
                new FieldError("idempotency-key", $"must be given once, with 1 to {MaxKeyLength} characters")))
            : (keys.Count == 0 ? null : keys.ToString(), null);
    }

    /// <summary>The limit of a body's size is ours to keep: the server's own closes the connection before the sender can read why.</summary>
    public static void LiftLimit(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }
    }

    private static async Task<Results<AcceptedResult<IngestAnswer>, EmptyHttpResult, ApiProblem>> AcceptAsync(
        HttpContext http, RequestBody bodies, IngestOptions options, Func<ReadOnlyMemory<byte>, string?, long, Task<IngestOutcome>> take, CancellationToken ct)
    {
        var (key, unusable) = KeyOf(http);
        if (unusable is not null)
        {
            return unusable;
        }

        var dropped = 0L;
        if (http.Request.Headers[DroppedHeader] is { Count: > 0 } drops && (!long.TryParse(drops, out dropped) || dropped is < 0 or > MaxDropped))
        {
            return ApiProblem.Validation($"{DroppedHeader} cannot be used.", new FieldError(DroppedHeader, $"must be a whole number from 0 to {MaxDropped}"));
        }

        LiftLimit(http);
        var (body, unreadable) = await bodies.ReadAsync(http, options.MaxBodyBytes, ct);
        if (body is null)
        {
            return unreadable!;
        }

        using (body)
        {
            var outcome = await take(body.Bytes, key, dropped);
            if (outcome == IngestOutcome.NoAnswer)
            {
                http.Abort();
                return TypedResults.Empty;
            }

            if (outcome.Problem is { } problem)
            {
                return problem;
            }

            return new AcceptedResult<IngestAnswer>(outcome.Taken!);
        }
    }
}
