using System.Runtime.CompilerServices;
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
            return IngestOutcome.Refused(broken, answer.Errors);
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

        return IngestOutcome.Of(answer, outcome);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Called seldom, and at length: not to be slow until it has been called often.
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
            if (errors.Count < IngestAnswer.MaxErrors)
            {
                errors.Add(error with { Index = index });
            }
        }

        return (new(batch.Count, rejected, errors), items.Error);
    }
}
