namespace Bayou.Ingest;

/// <summary>An idempotency key as the database has it.</summary>
/// <param name="Hash">SHA-256 of the key.</param>
/// <param name="Digest">SHA-256 of the decoded body.</param>
/// <param name="Answer">The JSON that a repeat is told.</param>
internal sealed record SubmissionKey(int Project, byte[] Hash, byte[] Digest, string Answer);

/// <summary>One sender's batch, waiting to be journaled.</summary>
internal sealed class Submission(ObservationBatch batch, SubmissionKey? key)
{
    private readonly TaskCompletionSource<SubmissionOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The sender's to give back, once there is an outcome.</summary>
    public ObservationBatch Batch => batch;

    public SubmissionKey? Key => key;

    public Task<SubmissionOutcome> Outcome => _outcome.Task;

    public void Resolve(SubmissionOutcome outcome) => _outcome.TrySetResult(outcome);
}

internal enum SubmissionState
{
    /// <summary>In the journal; it counts exactly once from here on.</summary>
    Accepted,

    /// <summary>The key was used before on the same body.</summary>
    Duplicate,

    /// <summary>The key was used before on another body.</summary>
    KeyReused,

    /// <summary>Surely not in the journal; send it again.</summary>
    Unavailable,

    /// <summary>Whether it is in the journal cannot be found out any more: no answer is the only true one.</summary>
    Unknown,
}

/// <param name="Answer">Of a <see cref="SubmissionState.Duplicate"/>, what its first sender was told.</param>
internal sealed record SubmissionOutcome(SubmissionState State, string? Answer = null)
{
    public static SubmissionOutcome Accepted { get; } = new(SubmissionState.Accepted);

    public static SubmissionOutcome Unavailable { get; } = new(SubmissionState.Unavailable);
}
