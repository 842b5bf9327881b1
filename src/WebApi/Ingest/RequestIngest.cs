using System.Text.Json.Nodes;
using Bayou.Deploys;
using Bayou.Http;
using Bayou.Metrics;
using Microsoft.Extensions.Options;

namespace Bayou.Ingest;

/// <summary>Takes a body of observations, whoever brings it: a sender over HTTP, or this process its own.</summary>
internal sealed class RequestIngest(
    IngestService ingest, LossCounter losses, VersionWatch versions, IOptions<MetricsOptions> options, TimeProvider time)
{
    /// <summary>By which a sender says how many observations it had to drop.</summary>
    public const string DroppedHeader = "x-bayou-dropped";

    private const int MaxErrors = 100;

    /// <param name="key">The sender's idempotency key, if any.</param>
    /// <param name="dropped">How many observations the sender says it dropped since its last batch that was taken.</param>
    public async Task<IngestOutcome> TakeAsync(ReadOnlyMemory<byte> body, string? key, long dropped, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        using var batch = ingest.NewBatch();
        var (answer, broken) = Read(body.Span, batch, now.AddDays(-options.Value.RetentionDays), now + IngestService.MaxAhead);
        var error = answer.Errors is [var first, ..] ? $"{first.Field} {first.Message}" : null;
        if (broken is not null || answer.Accepted == 0)
        {
            losses.Add("", Math.Max(answer.Rejected, 1), 0, broken ?? error ?? "the body has no items");
            return new(broken is not null ? ApiProblem.Validation($"The body cannot be used: {broken}.", new FieldError("body", broken))
                : answer.Rejected == 0 ? ApiProblem.Validation("The body has no items.", new FieldError("body", "is empty"))
                : ApiProblem.Validation("No item of the batch can be used.", answer.Errors));
        }

        var outcome = await ingest.SubmitAsync(batch, key is null ? null : IngestService.KeyOf(key, body.Span, answer), ct);
        if (outcome.State == SubmissionState.Accepted)
        {
            losses.Add(batch.Service, answer.Rejected, dropped, error);
            foreach (var seen in batch.Versions)
            {
                versions.Seen(seen.Service, seen.Version, seen.First, seen.Latest);
            }
        }

        return Answer(answer, outcome);
    }

    private static (IngestAnswer Answer, string? Broken) Read(ReadOnlySpan<byte> body, ObservationBatch batch, DateTimeOffset oldest, DateTimeOffset newest)
    {
        var reader = new ObservationReader(oldest, newest);
        var errors = new List<FieldError>();
        var rejected = 0;
        var items = new ItemSplitter(body);
        for (var index = 0; items.MoveNext(); index++)
        {
            if (PlainItem.TryRead(items.Current, oldest.UtcDateTime, newest.UtcDateTime, out var plain) && batch.TryAdd(plain))
            {
                continue;
            }

            var (observation, error) = reader.Read(items.Current);
            if (error is null)
            {
                batch.Add(observation, plain);
                continue;
            }

            rejected++;
            if (errors.Count < MaxErrors)
            {
                errors.Add(error with { Index = index });
            }
        }

        return (new(batch.Count, rejected, errors), items.Error);
    }

    private static IngestOutcome Answer(IngestAnswer answer, SubmissionOutcome outcome)
    {
        switch (outcome.State)
        {
            case SubmissionState.Accepted:
                return new(answer);
            case SubmissionState.Duplicate:
                var repeat = JsonNode.Parse(outcome.Answer!)!.AsObject();
                repeat["duplicate"] = true;
                return new(repeat);
            case SubmissionState.KeyReused:
                return new(new ApiProblem(StatusCodes.Status409Conflict, "CONFLICT", "The Idempotency-Key was used before on another body.",
                    [new("idempotency-key", "was used before on another body")]));
            case SubmissionState.Unavailable:
                return new(ApiProblem.Unavailable("The batch was not taken: storage is away or behind. Send it again."));
            case SubmissionState.Unknown:
                return IngestOutcome.NoAnswer;
            default:
                throw new InvalidOperationException($"No answer for {outcome.State}.");
        }
    }
}

/// <summary>What a sender is told: that its batch is durable, a problem, or nothing, where nothing would be true.</summary>
internal sealed record IngestOutcome(object? Taken, ApiProblem? Problem)
{
    public IngestOutcome(object taken)
        : this(taken, null)
    {
    }

    public IngestOutcome(ApiProblem problem)
        : this(null, problem)
    {
    }

    public static IngestOutcome NoAnswer { get; } = new(null, null);
}
