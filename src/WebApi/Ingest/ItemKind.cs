namespace Bayou.Ingest;

/// <summary>A kind of item that senders bring: how one is read into a batch, and what else its coming and going mean.</summary>
internal abstract class ItemKind<TBatch>
    where TBatch : class, IIngestBatch
{
    /// <summary>Before the sender's idempotency keys, as the same one may name a batch of each kind.</summary>
    public abstract string KeyPrefix { get; }

    /// <summary>Has at hand what batches of a project need.</summary>
    public virtual Task ReadyAsync(int project, CancellationToken ct) => Task.CompletedTask;

    public abstract TBatch NewBatch(int project);

    /// <summary>For the items of one body.</summary>
    public abstract ItemReader<TBatch> NewReader();

    /// <summary>All items are in the batch: what is to be added of its own comes now.</summary>
    /// <param name="dropped">How many items the sender says it dropped since its last batch that was taken.</param>
    public virtual void Close(TBatch batch, long dropped)
    {
    }

    /// <summary>The batch is durable.</summary>
    /// <param name="refused">Those of its items that are not.</param>
    public virtual void Accepted(TBatch batch, RefusedItems refused, long dropped)
    {
    }

    /// <summary>No item of a body could be used.</summary>
    /// <param name="why">What is wrong with the body as a whole; null where that is nothing.</param>
    public virtual void Refused(int project, RefusedItems refused, string? why)
    {
    }
}
