using Microsoft.Extensions.Options;

namespace Bayou.Ingest;

/// <summary>
/// Stores what senders bring of one kind, a tick at a time, and answers them when it is durable. See docs/architecture.md, Ingest.
/// </summary>
internal sealed partial class IngestNode<TBatch>(
    ITickStore<TBatch> store, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestNode<TBatch>> logger) : BackgroundService
    where TBatch : class, IIngestBatch
{
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
