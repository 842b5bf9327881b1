using System.Buffers;
using System.Text.Json.Nodes;
using Bayou.Http;
using Bayou.Metrics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Bayou.Ingest;

internal static class IngestEndpoints
{
    private const int MaxErrors = 100;
    private const int MaxKeyLength = 255;
    private const string KeyHeader = "Idempotency-Key";
    private static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(10);

    public static void MapIngest(this IEndpointRouteBuilder routes)
    {
        var ingest = routes.MapGroup("/ingest/v1").WithTags("Ingest");
        ingest.MapPost("/requests", TakeRequestsAsync).WithName("IngestRequests")
            .WithSummary("Takes finished HTTP requests; 202 when they are durable.")
            .WithDescription("A JSON array or NDJSON of observations, plain, gzip or br. Valid items of a partly bad batch are kept. "
                + "With an Idempotency-Key a repeat within 24 h changes nothing.")
            .WithMetadata(new BodySpec(RequestBody.Types, "An array of these, or one a line.", typeof(ObservationDoc)));
    }

    private static async Task<IResult> TakeRequestsAsync(
        HttpContext http, IngestService ingest, IOptions<IngestOptions> options, IOptions<MetricsOptions> metrics, TimeProvider time, CancellationToken ct)
    {
        var keys = http.Request.Headers[KeyHeader];
        if (keys.Count > 1 || keys.ToString() is { Length: > MaxKeyLength } || (keys.Count == 1 && keys.ToString().Length == 0))
        {
            return ApiProblem.Validation("The Idempotency-Key cannot be used.",
                new FieldError("idempotency-key", $"must be given once, with 1 to {MaxKeyLength} characters"));
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Ours to keep: the server's own limit closes the connection before the sender can read why.
            limit.MaxRequestBodySize = null;
        }

        var (body, unreadable) = await RequestBody.ReadAsync(http, options.Value.MaxBodyBytes, ct);
        if (unreadable is not null)
        {
            return unreadable;
        }

        try
        {
            var now = time.GetUtcNow();
            var (batch, answer, broken) = Read(body, new(now.AddDays(-metrics.Value.RetentionDays), now + MaxAhead));
            if (broken is not null || answer.Accepted == 0)
            {
                return broken is not null
                    ? ApiProblem.Validation($"The body cannot be used: {broken}.", new FieldError("body", broken))
                    : answer.Rejected == 0
                        ? ApiProblem.Validation("The body has no items.", new FieldError("body", "is empty"))
                        : ApiProblem.Validation("No item of the batch can be used.", answer.Errors);
            }

            var key = keys.Count == 0 ? null : IngestService.KeyOf(keys.ToString(), body, answer);
            return Answer(http, answer, await ingest.SubmitAsync(batch, key, ct));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body.Array!);
        }
    }

    private static (ObservationBatch Batch, IngestAnswer Answer, string? Broken) Read(ReadOnlySpan<byte> body, ObservationReader reader)
    {
        var batch = new ObservationBatch();
        var errors = new List<FieldError>();
        var rejected = 0;
        var items = new ItemSplitter(body);
        for (var index = 0; items.MoveNext(); index++)
        {
            var (observation, error) = reader.Read(items.Current);
            if (error is null)
            {
                batch.Add(observation);
                continue;
            }

            rejected++;
            if (errors.Count < MaxErrors)
            {
                errors.Add(error with { Index = index });
            }
        }

        return (batch, new(batch.Count, rejected, errors), items.Error);
    }

    private static IResult Answer(HttpContext http, IngestAnswer answer, SubmissionOutcome outcome)
    {
        switch (outcome.State)
        {
            case SubmissionState.Accepted:
                return new ApiResult(answer, Status: StatusCodes.Status202Accepted);
            case SubmissionState.Duplicate:
                var repeat = JsonNode.Parse(outcome.Answer!)!.AsObject();
                repeat["duplicate"] = true;
                return new ApiResult(repeat, Status: StatusCodes.Status202Accepted);
            case SubmissionState.KeyReused:
                return new ApiProblem(StatusCodes.Status409Conflict, "CONFLICT", "The Idempotency-Key was used before on another body.",
                    [new("idempotency-key", "was used before on another body")]);
            case SubmissionState.Unavailable:
                return ApiProblem.Unavailable("The batch was not taken: storage is away or behind. Send it again.");
            case SubmissionState.Unknown:
                http.Abort();
                return Results.Empty;
            default:
                throw new InvalidOperationException($"No answer for {outcome.State}.");
        }
    }

    /// <summary>One item, for the API's document.</summary>
    private sealed record ObservationDoc(
        string Service, string Method, string? Route, string? Path, int Status, double DurationMs, DateTimeOffset Time,
        long? RequestSize, long? ResponseSize, string? TraceId, string? Country);
}
