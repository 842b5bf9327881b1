using Bayou.Database;
using Microsoft.Extensions.Options;

namespace Bayou.Ingest;

/// <summary>
/// One life of this ingest node: journals what senders bring, a tick at a time, and answers them when it is
/// durable. A fenced node goes on under a new epoch. See docs/architecture.md, Ingest.
/// </summary>
internal sealed partial class IngestNode(
    JournalWriter journal,
    JournalAdoption adoption,
    Outstanding outstanding,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<IngestNode> logger) : BackgroundService
{
    private static readonly TimeSpan LeaseRenewal = TimeSpan.FromSeconds(10);

    private readonly TickQueue<ObservationBatch> _queue = new(options, time);
    private readonly string _node = options.Value.Node is { Length: > 0 } name ? name : Guid.NewGuid().ToString("N");
    private long _seq;

    /// <summary>The present life; 0 before the first.</summary>
    public long Epoch { get; private set; }

    /// <summary>Completes when the batch is durable, or surely is not.</summary>
    public Task<SubmissionOutcome> SubmitAsync(Submission<ObservationBatch> submission) =>
        outstanding.IsFull ? Task.FromResult(SubmissionOutcome.Unavailable) : _queue.SubmitAsync(submission);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await BeginAsync(cancellationToken);
        await adoption.AdoptAsync(Epoch, _node, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Journals what is queued, then leaves the epoch to whoever comes next.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Complete();
        await base.StopAsync(cancellationToken);
        try
        {
            await journal.FenceAsync(Epoch, cancellationToken);
        }
        catch (Exception e) when (DatabaseFailure.Is(e) || e is OperationCanceledException)
        {
            NotFenced(Epoch, e); // Its lease runs out by itself.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var renewal = RenewAsync(stoppingToken);
        await _queue.RunAsync(batch => TickAsync(batch, stoppingToken), stoppingToken);
        await renewal;
    }

    private async Task TickAsync(IReadOnlyList<Submission<ObservationBatch>> batch, CancellationToken stopping)
    {
        var tick = new TickWrite(Epoch, _seq + 1, batch);
        var committed = false;
        try
        {
            while (!await journal.WriteAsync(tick, CancellationToken.None))
            {
                Fenced(Epoch);
                outstanding.Forget(Epoch); // Whoever fenced it delivers it.
                await BeginAsync(CancellationToken.None);
                tick = new TickWrite(Epoch, _seq + 1, batch);
            }

            committed = true;
        }
        catch (Exception e)
        {
            Failed(e);
            if (tick.Committing)
            {
                if (await UnknownCommit.FindOutAsync(ct => journal.IsCommittedAsync(tick.Epoch, tick.Seq, ct), Failed, time, stopping) is not { } found)
                {
                    Resolve(tick, new(SubmissionState.Unknown));
                    return;
                }

                committed = found;
            }
        }

        if (!committed)
        {
            Resolve(tick, SubmissionOutcome.Unavailable);
            return;
        }

        foreach (var submission in batch)
        {
            submission.Resolve(tick.Keys.OutcomeOf(submission.Key));
        }

        if (!tick.Payload.IsEmpty)
        {
            _seq = tick.Seq;
            outstanding.Add(tick.Epoch, tick.Seq, tick.Payload.Span, live: true);
        }
    }

    private async Task BeginAsync(CancellationToken ct)
    {
        Epoch = await journal.BeginEpochAsync(_node, ct);
        _seq = 0;
        Began(Epoch);
    }

    private async Task RenewAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(LeaseRenewal, time);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stopping);
                var epoch = Epoch;
                if (await journal.RenewLeaseAsync(epoch, stopping))
                {
                    await adoption.AdoptAsync(epoch, ownNode: null, stopping);
                }
                else
                {
                    outstanding.Forget(epoch); // Whoever fenced it delivers it; the next tick takes a new one.
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Failed(e);
            }
        }
    }

    private static void Resolve(TickWrite tick, SubmissionOutcome outcome)
    {
        foreach (var submission in tick.Submissions)
        {
            submission.Resolve(outcome);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Ingest runs under epoch {epoch}")]
    private partial void Began(long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Epoch {epoch} has been fenced; ingest goes on under a new one")]
    private partial void Fenced(long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Epoch {epoch} could not be given up; its lease runs out by itself")]
    private partial void NotFenced(long epoch, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Ingest cannot write to the journal")]
    private partial void Failed(Exception exception);
}
