using System.Text.Json.Nodes;
using Bayou.Http;

namespace Bayou.Ingest;

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

    /// <summary>The outcome for a body without a usable item.</summary>
    /// <param name="broken">Why it cannot be cut into items, if it cannot.</param>
    public static IngestOutcome Refused(string? broken, IReadOnlyList<FieldError> errors) => new(
        broken is not null ? ApiProblem.Validation($"The body cannot be used: {broken}.", new FieldError("body", broken))
        : errors.Count == 0 ? ApiProblem.Validation("The body has no items.", new FieldError("body", "is empty"))
        : ApiProblem.Validation("No item of the batch can be used.", errors));

    /// <param name="answer">What a sender is told whose batch was taken.</param>
    public static IngestOutcome Of(object answer, SubmissionOutcome outcome)
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
                return NoAnswer;
            default:
                throw new InvalidOperationException($"No answer for {outcome.State}.");
        }
    }
}
