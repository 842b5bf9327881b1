using System.Diagnostics.Metrics;
using Bayou.Hosting;
using Bayou.Requests;
using Microsoft.Extensions.Options;

namespace Bayou.Ingest;

/// <summary>
/// Stores what senders bring of one kind, a tick at a time, and answers them when it is durable. See docs/architecture.md, Ingest.
/// </summary>
internal sealed partial class IngestNode<TBatch>(
    ITickStore<TBatch> store, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestNode<TBatch>> logger) : BackgroundService
    where TBatch : class, IIngestBatch
{
    // By the name of what it holds: span, log, observation.
    private static readonly KeyValuePair<string, object?> Kind = new(
        "kind", typeof(TBatch).Name.Replace("Batch", "", StringComparison.Ordinal).ToLowerInvariant());

    private static readonly Counter<long> Items = OwnTelemetry.Meter.CreateCounter<long>("bayou.ingest.items", "{item}", "Items that were stored.");

    private static readonly Histogram<double> Ticks = OwnTelemetry.Meter.CreateHistogram<double>(
        "bayou.ingest.tick.duration", "s", "How long a commit took.");

    private readonly TickQueue<TBatch> _queue = new(options, time);

    /// <summary>Completes when the batch is durable, or surely is not.</summary>
    public Task<SubmissionOutcome> SubmitAsync(Submission<TBatch> submission) =>
        store.IsFull ? Task.FromResult(SubmissionOutcome.Unavailable) : _queue.SubmitAsync(submission);

    /// <summary>Stores what is queued.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Complete();
        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _queue.RunAsync(batch => TickAsync(new(batch), stoppingToken), stoppingToken);

    private async Task TickAsync(Tick<TBatch> tick, CancellationToken stopping)
    {
        bool? committed = false;
        using var untold = store is ITickStore<ObservationBatch> ? null : OwnTelemetry.Untold(); // Spans of storing spans would have no end.
        using var activity = OwnTelemetry.Source.StartActivity("ingest tick");
        activity?.SetTag(Kind.Key, Kind.Value);
        var (started, items) = (time.GetTimestamp(), tick.Submissions.Sum(submission => (long)submission.Batch.Count));
        try
        {
            await store.WriteAsync(tick, CancellationToken.None);
            committed = true;
        }
        catch (Exception e)
        {
            Failed(e);
            committed = tick.Committing ? await UnknownCommit.FindOutAsync(store.IsCommittedAsync, Failed, time, stopping) : false;
            if (!tick.Committing)
            {
                await TryRecoverAsync(e);
            }
        }

        tick.Resolve(committed);
        if (committed == true)
        {
            Items.Add(items, Kind);
            Ticks.Record(time.GetElapsedTime(started).TotalSeconds, Kind);
            store.Committed();
        }
    }

    private async Task TryRecoverAsync(Exception exception)
    {
        try
        {
            await store.RecoverAsync(exception);
        }
        catch (Exception e)
        {
            Failed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What senders bring cannot be stored")]
    private partial void Failed(Exception exception);
}
