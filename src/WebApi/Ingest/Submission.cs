using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bayou.Http;

namespace Bayou.Ingest;

/// <summary>What one sender brought of one kind of item. Its memory is rented: dispose of it when it is stored or refused.</summary>
internal interface IIngestBatch : IDisposable
{
    /// <summary>Items.</summary>
    int Count { get; }

    /// <summary>Of memory.</summary>
    long Bytes { get; }

    /// <summary>Looks up what the items name, and makes it where it must: series, patterns.</summary>
    Task ResolveAsync(CancellationToken ct);
}

/// <summary>An idempotency key as the database has it.</summary>
/// <param name="Hash">SHA-256 of the key.</param>
/// <param name="Digest">SHA-256 of the decoded body.</param>
/// <param name="Answer">The JSON that a repeat is told.</param>
internal sealed record SubmissionKey(int Project, byte[] Hash, byte[] Digest, string Answer)
{
    /// <param name="key">What the sender named the batch.</param>
    /// <param name="answer">What a repeat will be told.</param>
    public static SubmissionKey Of(int project, string key, ReadOnlySpan<byte> body, object answer) =>
        new(project, SHA256.HashData(Encoding.UTF8.GetBytes(key)), SHA256.HashData(body), JsonSerializer.Serialize(answer, Json.Options));

    /// <summary>Of a batch that its sender did not name: the same bytes are the same batch.</summary>
    /// <param name="kind">Of which a batch of the same bytes is another.</param>
    public static SubmissionKey OfBody(int project, string kind, ReadOnlySpan<byte> body, object answer)
    {
        var digest = SHA256.HashData(body);
        return new(project, SHA256.HashData(Encoding.UTF8.GetBytes(kind + Convert.ToHexStringLower(digest))), digest,
            JsonSerializer.Serialize(answer, Json.Options));
    }
}

/// <summary>One sender's batch, waiting to be durable.</summary>
internal sealed class Submission<TBatch>(TBatch batch, SubmissionKey? key)
    where TBatch : class, IIngestBatch
{
    private readonly TaskCompletionSource<SubmissionOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The sender's to give back, once there is an outcome.</summary>
    public TBatch Batch => batch;

    public SubmissionKey? Key => key;

    public Task<SubmissionOutcome> Outcome => _outcome.Task;

    public void Resolve(SubmissionOutcome outcome) => _outcome.TrySetResult(outcome);
}

internal enum SubmissionState
{
    /// <summary>Durable; it counts exactly once from here on.</summary>
    Accepted,

    /// <summary>The key was used before on the same body.</summary>
    Duplicate,

    /// <summary>The key was used before on another body.</summary>
    KeyReused,

    /// <summary>Surely not durable; send it again.</summary>
    Unavailable,

    /// <summary>Whether it is durable cannot be found out any more: no answer is the only true one.</summary>
    Unknown,
}

/// <param name="Answer">Of a <see cref="SubmissionState.Duplicate"/>, what its first sender was told.</param>
internal sealed record SubmissionOutcome(SubmissionState State, string? Answer = null)
{
    public static SubmissionOutcome Accepted { get; } = new(SubmissionState.Accepted);

    public static SubmissionOutcome Unavailable { get; } = new(SubmissionState.Unavailable);
}
