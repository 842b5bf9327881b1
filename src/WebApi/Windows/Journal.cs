using Bayou.Database;
using Bayou.Ingest;
using Bayou.Requests;
using Microsoft.Extensions.Options;

namespace Bayou.Windows;

/// <summary>
/// One life of this node: journals observations under its epoch, and hands what is durable to delivery. A fenced node goes on under a new epoch. See
/// docs/architecture.md, Ingest.
/// </summary>
internal sealed partial class Journal(
    JournalWriter writer,
    JournalAdoption adoption,
    Outstanding outstanding,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<Journal> logger) : BackgroundService, ITickStore<ObservationBatch>
{
    private static readonly TimeSpan LeaseRenewal = TimeSpan.FromSeconds(10);

    private readonly string _node = options.Value.Node is { Length: > 0 } name ? name : Guid.NewGuid().ToString("N");
    private long _seq;

    /// <summary>The present life; 0 before the first.</summary>
    public long Epoch { get; private set; }

    public bool IsFull => outstanding.IsFull;

    public async Task WriteAsync(Tick<ObservationBatch> tick, CancellationToken ct)
    {
        while (!await writer.WriteAsync(Epoch, _seq + 1, tick, ct))
        {
            Fenced(Epoch);
            outstanding.Forget(Epoch); // Whoever fenced it delivers it.
            await BeginAsync(ct);
        }
    }

    public Task<bool?> IsCommittedAsync(CancellationToken ct) => writer.IsCommittedAsync(Epoch, _seq + 1, ct);

    public void Committed()
    {
        if (!writer.Payload.IsEmpty)
        {
            outstanding.Add(Epoch, ++_seq, writer.Payload.Span, live: true);
        }
    }

    public Task RecoverAsync(Exception exception) => Task.CompletedTask;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await BeginAsync(cancellationToken);
        await adoption.AdoptAsync(Epoch, _node, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Leaves the epoch to whoever comes next.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await writer.FenceAsync(Epoch, cancellationToken);
        }
        catch (Exception e) when (DatabaseFailure.Is(e) || e is OperationCanceledException)
        {
            NotFenced(Epoch, e); // Its lease runs out by itself.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LeaseRenewal, time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                var epoch = Epoch;
                if (await writer.RenewLeaseAsync(epoch, stoppingToken))
                {
                    await adoption.AdoptAsync(epoch, ownNode: null, stoppingToken);
                }
                else
                {
                    outstanding.Forget(epoch); // Whoever fenced it delivers it; the next tick takes a new one.
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                NotRenewed(e);
            }
        }
    }

    private async Task BeginAsync(CancellationToken ct)
    {
        Epoch = await writer.BeginEpochAsync(_node, ct);
        _seq = 0;
        Began(Epoch);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Ingest runs under epoch {epoch}")]
    private partial void Began(long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Epoch {epoch} has been fenced; ingest goes on under a new one")]
    private partial void Fenced(long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Epoch {epoch} could not be given up; its lease runs out by itself")]
    private partial void NotFenced(long epoch, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The epoch's lease cannot be renewed")]
    private partial void NotRenewed(Exception exception);
}
