using Bayou.Ingest;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Stores the lines that senders bring, a tick at a time, and answers when they are durable. They need no journal: the segment is one.</summary>
internal sealed partial class LogNode(LogWriter writer, NpgsqlDataSource db, IOptions<IngestOptions> options, TimeProvider time, ILogger<LogNode> logger) : BackgroundService
{
    private readonly TickQueue<LogBatch> _queue = new(options, time);
    private long _ticks;

    /// <summary>Completes when the batch is durable, or surely is not.</summary>
    public Task<SubmissionOutcome> SubmitAsync(Submission<LogBatch> submission) => _queue.SubmitAsync(submission);

    /// <summary>Stores what is queued.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Complete();
        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _queue.RunAsync(batch => TickAsync(batch, stoppingToken), stoppingToken);

    private async Task TickAsync(IReadOnlyList<Submission<LogBatch>> batch, CancellationToken stopping)
    {
        var tick = new LogTick(++_ticks, batch);
        bool? committed = false;
        try
        {
            await writer.WriteAsync(tick, CancellationToken.None);
            committed = true;
        }
        catch (Exception e)
        {
            Failed(e);
            if (tick.Committing)
            {
                committed = await UnknownCommit.FindOutAsync(ct => writer.IsCommittedAsync(tick.Number, ct), Failed, time, stopping);
            }
            else if (e is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
            {
                await EndFrozenAsync();
            }
        }

        foreach (var submission in batch)
        {
            submission.Resolve(committed switch
            {
                true => tick.Keys.OutcomeOf(submission.Key),
                false => SubmissionOutcome.Unavailable,
                null => new(SubmissionState.Unknown),
            });
        }
    }

    /// <summary>Ends the transaction of a process that froze while it was sending lines: no time-out of the server's covers that.</summary>
    private async Task EndFrozenAsync()
    {
        try
        {
            await using var command = db.CreateCommand("""
                SELECT count(pg_terminate_backend(a.pid))
                  FROM pg_locks l
                  JOIN pg_stat_activity a USING (pid)
                 WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                   AND (l.classid::bigint << 32) | l.objid::bigint = hashtextextended('bayou.feed.logs', 0)
                   AND a.wait_event = 'ClientRead' AND a.state_change < now() - interval '5 seconds' -- since it began to send
                """);
            FrozenEnded((long)(await command.ExecuteScalarAsync())!);
        }
        catch (Exception e)
        {
            Failed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Log lines cannot be stored")]
    private partial void Failed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The logs' feed was held for too long; ended {count} connections that held it")]
    private partial void FrozenEnded(long count);
}
