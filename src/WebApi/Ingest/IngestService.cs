using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bayou.Http;

namespace Bayou.Ingest;

/// <summary>What a sender is told of its batch.</summary>
internal sealed record IngestAnswer(int Accepted, int Rejected, IReadOnlyList<FieldError> Errors, IReadOnlyList<FieldError> Warnings);

/// <summary>The door to the journal, for the HTTP endpoint and for Bayou's own requests alike.</summary>
internal sealed class IngestService(SeriesRegistry series, IngestNode node)
{
    /// <summary>The only project, until projects can be made.</summary>
    public const int DefaultProject = 1;

    /// <summary>How far a sender's clock may be ahead of this one.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(10);

    public ObservationBatch NewBatch() => new(series, DefaultProject);

    public async Task<SubmissionOutcome> SubmitAsync(ObservationBatch batch, SubmissionKey? key, CancellationToken ct)
    {
        await batch.ResolveAsync(ct);
        return await node.SubmitAsync(new Submission<ObservationBatch>(batch, key));
    }

    /// <param name="idempotencyKey">What the sender named the batch.</param>
    /// <param name="answer">What a repeat will be told.</param>
    public static SubmissionKey KeyOf(string idempotencyKey, ReadOnlySpan<byte> body, object answer) => new(
        DefaultProject,
        SHA256.HashData(Encoding.UTF8.GetBytes(idempotencyKey)),
        SHA256.HashData(body),
        JsonSerializer.Serialize(answer, Json.Options));
}
