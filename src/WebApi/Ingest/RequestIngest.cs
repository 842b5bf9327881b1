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
        var refused = new RefusedItems();
        var (answer, broken) = Read(body.Span, batch, refused, now.AddDays(-options.Value.RetentionDays), now + IngestService.MaxAhead);
        if (broken is not null || answer.Accepted == 0)
        {
            refused.CountIn(losses, sender: "");
            if (broken is not null || answer.Rejected == 0)
            {
                losses.Add("", 1, 0, broken ?? "the body has no items");
            }

            return IngestOutcome.Refused(broken, answer.Errors);
        }

        var outcome = await ingest.SubmitAsync(batch, key is null ? null : IngestService.KeyOf(key, body.Span, answer), ct);
        if (outcome.State == SubmissionState.Accepted)
        {
            refused.CountIn(losses, batch.Service);
            losses.Add(batch.Service, 0, dropped, null);
            foreach (var seen in batch.Versions)
            {
                versions.Seen(seen.Service, seen.Version, seen.First, seen.Latest);
            }
        }

        return IngestOutcome.Of(answer, outcome);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Called seldom, and at length: not to be slow until it has been called often.
    private static (IngestAnswer Answer, string? Broken) Read(ReadOnlySpan<byte> body, ObservationBatch batch, RefusedItems refused, DateTimeOffset oldest, DateTimeOffset newest)
    {
        var reader = new ObservationReader(oldest, newest);
        var (errors, warnings) = (new ItemErrors(), new ItemErrors());
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
                warnings.Add(index, reader.Warnings);
            }
            else
            {
                errors.Add(index, error);
                refused.Add(ObservationReader.ServiceOf(items.Current), error);
            }
        }

        return (new(batch.Count, errors.Count, errors.First, warnings.First), items.Error);
    }
}

/// <summary>How many items of a batch were refused, by the service that each names.</summary>
internal sealed class RefusedItems
{
    private const int MostServices = 100; // A sender that names more is not one of many services.
    private readonly Dictionary<string, (int Count, string Error)> _services = [];

    /// <param name="service">Null where it does not say.</param>
    public void Add(string? service, FieldError error)
    {
        var key = service is not null && (_services.Count < MostServices || _services.ContainsKey(service)) ? service : "";
        var known = _services.GetValueOrDefault(key, (0, $"{error.Field} {error.Message}"));
        _services[key] = (known.Item1 + 1, known.Item2);
    }

    /// <param name="sender">Whose those are that name no service; empty where nobody can tell.</param>
    public void CountIn(LossCounter losses, string sender)
    {
        foreach (var (service, (count, error)) in _services)
        {
            losses.Add(service.Length > 0 ? service : sender, count, 0, error);
        }
    }
}
