using System.Text.Json;
using Bayou.Ingest;
using Google.Protobuf.Reflection;

namespace Bayou.Otlp;

/// <summary>What became of an export.</summary>
/// <param name="Status">Whether it was taken, and if not what its sender is to do.</param>
/// <param name="Message">What is wrong; empty for nothing.</param>
/// <param name="Rejected">Of what was taken, how many records were not.</param>
internal sealed record OtlpOutcome(OtlpStatus Status, string Message = "", long Rejected = 0);

/// <summary>As gRPC numbers them (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).</summary>
internal enum OtlpStatus
{
    Ok = 0,
    InvalidArgument = 3,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// <summary>One of the three signals of OpenTelemetry: what is sent, and where it goes.</summary>
internal abstract class OtlpSignal
{
    /// <summary>As paths and services have it: <c>logs</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Of its gRPC service.</summary>
    public abstract string Service { get; }

    /// <summary>As JSON calls the count of what was rejected.</summary>
    public abstract string RejectedName { get; }

    public abstract MessageDescriptor Request { get; }

    /// <summary>Takes a request, in protobuf, and returns when it is durable.</summary>
    /// <param name="key">By which its sender knows it; null for none.</param>
    /// <param name="body">What was sent, as it was.</param>
    public abstract Task<OtlpOutcome> TakeAsync(int project, ReadOnlyMemory<byte> request, string? key, ReadOnlyMemory<byte> body, CancellationToken ct);

    /// <summary>Stores a batch under its key, so that what an SDK sends again counts once.</summary>
    /// <param name="what">That is stored, for a request may be several things.</param>
    /// <param name="key">The sender's; null for none.</param>
    /// <param name="isItself">Whether the same bytes are the same request.</param>
    protected static async Task<OtlpOutcome> SubmitAsync<TBatch>(
        IngestDoor<TBatch> door, int project, TBatch batch, string what, string? key, bool isItself, ReadOnlyMemory<byte> body, OtlpOutcome taken,
        CancellationToken ct)
        where TBatch : class, IIngestBatch
    {
        if (batch.Count == 0)
        {
            return taken; // There is nothing to keep.
        }

        var kind = $"otlp\n{what}\n";
        var known = key is not null ? SubmissionKey.Of(project, kind + key, body.Span, taken)
            : isItself ? SubmissionKey.OfBody(project, kind, body.Span, taken) : null;
        var outcome = await door.StoreAsync(batch, known, new(), dropped: 0, ct);
        return outcome.State switch
        {
            SubmissionState.Accepted => taken,
            SubmissionState.Duplicate => JsonSerializer.Deserialize<OtlpOutcome>(outcome.Answer!, Http.Json.Options)!,
            SubmissionState.KeyReused => new(OtlpStatus.InvalidArgument, "The Idempotency-Key was used before on another body."),
            _ => new(OtlpStatus.Unavailable, "It was not taken: storage is away or behind. Send it again."), // Twice is once, by the key.
        };
    }
}
