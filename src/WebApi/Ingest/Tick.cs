using Npgsql;

namespace Bayou.Ingest;

/// <summary>What became durable in one commit, or is to.</summary>
internal sealed class Tick<TBatch>(IReadOnlyList<Submission<TBatch>> submissions)
    where TBatch : class, IIngestBatch
{
    private IdempotencyKeys _keys = IdempotencyKeys.None;

    public IReadOnlyList<Submission<TBatch>> Submissions => submissions;

    /// <summary>The commit has been sent: from then on an exception leaves its outcome unknown.</summary>
    public bool Committing { get; set; }

    public bool HasKeys => submissions.Any(submission => submission.Key is not null);

    /// <summary>Takes the idempotency keys that are new, within the transaction that makes their batches durable.</summary>
    /// <param name="epoch">Of the journal, and <paramref name="seq"/>; 0 for what needs no journal.</param>
    /// <returns>The batches that count.</returns>
    public async Task<List<TBatch>> ClaimKeysAsync(NpgsqlConnection connection, long epoch, long seq, CancellationToken ct)
    {
        Committing = false;
        _keys = await IdempotencyKeys.ClaimAsync(connection, [.. submissions.Select(submission => submission.Key).OfType<SubmissionKey>()], epoch, seq, ct);
        return [.. submissions.Where(submission => _keys.IsNew(submission.Key)).Select(submission => submission.Batch)];
    }

    /// <summary>Tells each sender.</summary>
    /// <param name="committed">Null where that cannot be known.</param>
    public void Resolve(bool? committed)
    {
        foreach (var submission in submissions)
        {
            submission.Resolve(committed switch
            {
                true => _keys.OutcomeOf(submission.Key),
                false => SubmissionOutcome.Unavailable,
                null => new(SubmissionState.Unknown),
            });
        }
    }
}

/// <summary>Where ticks of one kind of item become durable, one at a time.</summary>
internal interface ITickStore<TBatch>
    where TBatch : class, IIngestBatch
{
    /// <summary>Whether senders must come back later.</summary>
    bool IsFull { get; }

    /// <summary>
    /// Commits one tick: the keys that are new and the batches that count. Sets <see cref="Tick{TBatch}.Committing"/> just before the commit is sent;
    /// an exception after that leaves its outcome unknown.
    /// </summary>
    Task WriteAsync(Tick<TBatch> tick, CancellationToken ct);

    /// <summary>Whether the tick that was written last was committed; waits out the backend that may still be committing it.</summary>
    /// <returns>Null when it cannot be known any more.</returns>
    Task<bool?> IsCommittedAsync(CancellationToken ct);

    /// <summary>The tick that was written last is durable, and its senders know.</summary>
    void Committed();

    /// <summary>Does what can be done so that the next tick does not fail as the last did.</summary>
    Task RecoverAsync(Exception exception);
}
