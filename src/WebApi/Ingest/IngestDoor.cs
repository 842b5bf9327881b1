using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Bayou.Http;

namespace Bayou.Ingest;

/// <summary>What a sender is told of its batch.</summary>
/// <param name="Cut">Texts that were too long to be kept whole; null for a kind whose texts are never cut.</param>
internal sealed record IngestAnswer(
    int Accepted,
    int Rejected,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Cut,
    IReadOnlyList<FieldError> Errors,
    IReadOnlyList<FieldError> Warnings)
{
    /// <summary>The batch was taken before, under the same key: this is what was told then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Duplicate { get; init; }
}

/// <summary>Takes a body of items of one kind, whoever brings it: a sender over HTTP, or this process its own.</summary>
internal sealed class IngestDoor<TBatch>(ItemKind<TBatch> kind, IngestNode<TBatch> node)
    where TBatch : class, IIngestBatch
{
    /// <param name="project">Whose items they are.</param>
    /// <param name="key">The sender's idempotency key, if any.</param>
    /// <param name="dropped">How many items the sender says it dropped since its last batch that was taken.</param>
    public async Task<IngestOutcome> AcceptAsync(int project, ReadOnlyMemory<byte> body, string? key, long dropped, CancellationToken ct)
    {
        using var batch = await OpenAsync(project, ct);
        var refused = new RefusedItems();
        var (answer, broken) = Read(body.Span, batch, refused);
        if (broken is not null || answer.Accepted == 0)
        {
            kind.Refused(project, refused, broken ?? (answer.Rejected == 0 ? "the body has no items" : null));
            return IngestOutcome.Refused(broken, answer.Errors);
        }

        var named = key is null ? null : SubmissionKey.Of(project, kind.KeyPrefix + key, body.Span, answer);
        return IngestOutcome.Of(answer, await StoreAsync(batch, named, refused, dropped, ct));
    }

    /// <summary>A batch to be filled by whoever reads items otherwise.</summary>
    public async Task<TBatch> OpenAsync(int project, CancellationToken ct)
    {
        await kind.ReadyAsync(project, ct);
        return kind.NewBatch(project);
    }

    /// <summary>Stores a filled batch, and returns when it is durable or surely is not.</summary>
    /// <param name="refused">Those of its items that are not in it.</param>
    public async Task<SubmissionOutcome> StoreAsync(TBatch batch, SubmissionKey? key, RefusedItems refused, long dropped, CancellationToken ct)
    {
        kind.Close(batch, dropped);
        await batch.ResolveAsync(ct);
        var outcome = await node.SubmitAsync(new(batch, key));
        if (outcome.State == SubmissionState.Accepted)
        {
            kind.Accepted(batch, refused, dropped);
        }

        return outcome;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Called seldom, and at length: not to be slow until it has been called often.
    private (IngestAnswer Answer, string? Broken) Read(ReadOnlySpan<byte> body, TBatch batch, RefusedItems refused)
    {
        var reader = kind.NewReader();
        var (errors, warnings) = (new ItemErrors(), new ItemErrors());
        var items = new ItemSplitter(body);
        for (var index = 0; items.MoveNext(); index++)
        {
            if (reader.Add(items.Current, batch) is { } error)
            {
                errors.Add(index, error);
                refused.Add(items.Current, error);
            }
            else
            {
                warnings.Add(index, reader.Warnings);
            }
        }

        return (new(batch.Count, errors.Count, reader.Cut, errors.First, warnings.First), items.Error);
    }
}
