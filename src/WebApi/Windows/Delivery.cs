using Bayou.Cluster;
using Bayou.Database;
using Bayou.Ingest;
using Bayou.Metrics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Windows;

/// <summary>
/// Brings journaled figures to their window grains until the windows' rows hold them, then deletes the journal
/// rows. Only what PostgreSQL says is durable counts, never a grain's word.
/// </summary>
internal sealed partial class Delivery(
    IWindowGrains grains,
    GrainReach reach,
    NpgsqlDataSource db,
    Outstanding outstanding,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<Delivery> logger) : BackgroundService
{
    /// <summary>How often current windows are checked for durability; the freshness that the page shows depends on it.</summary>
    private static readonly TimeSpan CheckPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    // Calls are mostly waiting for activations to load their rows.
    private const int MaxCalls = 64;
    private const int WindowsInQuery = 5_000;

    /// <summary>Windows over for so long go to the grain of their hour, together.</summary>
    private static readonly TimeSpan LongOver = TimeSpan.FromMinutes(10);

    /// <summary>
    /// A backfill of more windows than this comes in many batches, each with a little for most of them: gathered for a while, they
    /// are merged and written once instead of each time.
    /// </summary>
    private const int MuchBackfill = 5_000;
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    // If no call succeeds, the database or every silo is down; a thousand failing calls each half second would cost half a core.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);

    private long? _gatheringSince;
    private bool _isEvenCheck;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.Value.DeliveryMilliseconds), time);
        var lastCheck = time.GetTimestamp();
        var (lastRound, pause) = (lastCheck, TimeSpan.Zero);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                if (reach.IsUp && time.GetElapsedTime(lastRound) >= pause)
                {
                    var longer = TimeSpan.FromTicks(Math.Min(Math.Max(2 * pause.Ticks, timer.Period.Ticks), LongestPause.Ticks));
                    pause = await SendAsync(stoppingToken) ? TimeSpan.Zero : longer;
                    lastRound = time.GetTimestamp();
                }

                if (time.GetElapsedTime(lastCheck) >= CheckPeriod)
                {
                    lastCheck = time.GetTimestamp();
                    await CheckAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return; // What is left stays in the journal.
            }
            catch (Exception e)
            {
                Failed(e);
            }
        }
    }

    /// <summary>One round: every window with something unsent is in one call.</summary>
    /// <returns>False when not one of its calls went through.</returns>
    internal async Task<bool> SendAsync(CancellationToken ct)
    {
        var calls = Calls();
        var (failures, failedCalls) = (0, 0);
        Exception? failure = null;
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = MaxCalls, CancellationToken = ct }, async (call, token) =>
        {
            try
            {
                using var patience = new CancellationTokenSource(CallTimeout, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(token, patience.Token);
                var applied = await ApplyAsync(call, either.Token).WaitAsync(either.Token);
                outstanding.Answered(call.Parts, applied);
            }
            catch (Exception e) when (!token.IsCancellationRequested)
            {
                // Whether the grain merged it is open; the next round sends it again and the grain knows.
                Interlocked.Add(ref failures, call.Parts.Count);
                Interlocked.Increment(ref failedCalls);
                Volatile.Write(ref failure, e);
            }
        });
        if (failure is not null)
        {
            NotDelivered(failures, failure);
        }

        return failedCalls == 0 || failedCalls < calls.Count;
    }

    private List<Call> Calls()
    {
        var longOver = time.GetUtcNow() - LongOver;
        var isGathering = IsGathering(longOver);
        var parts = outstanding.Unsent(window => !isGathering || window.Key.End >= longOver).ToLookup(part => part.Window.Key.End < longOver);
        return
        [
            .. parts[false].Select(part => new Call(null, [part])),

            // An epoch at a time: a call has each window once.
            .. parts[true].GroupBy(part => (BackfillKey.Of(part.Window.Key), part.Window.Epoch)).Select(hour => new Call(hour.Key.Item1, [.. hour])),
        ];
    }

    /// <summary>Whether windows that are long over wait for more of their kind.</summary>
    private bool IsGathering(DateTimeOffset longOver)
    {
        if (outstanding.HasRoom && time.GetElapsedTime(outstanding.LastAdded) < Quiet)
        {
            // Counted once: none of them is sent meanwhile.
            _gatheringSince ??= outstanding.CountUnsent(longOver) >= MuchBackfill ? time.GetTimestamp() : null;
            if (_gatheringSince is { } since && time.GetElapsedTime(since) < Gathering)
            {
                return true;
            }
        }

        _gatheringSince = null;
        return false;
    }

    private async Task<long[]> ApplyAsync(Call call, CancellationToken ct) => call.Hour is { } hour
        ? await grains.ApplyAsync(hour, [.. call.Parts.Select(part => new BackfillDelta(part.Window.Key.StartUnix, part.Encode()))], ct)
        : [await grains.ApplyAsync(call.Parts[0].Window.Key, call.Parts[0].Encode(), ct)];

    /// <summary>Asks PostgreSQL what has become durable and deletes the journal rows that are wholly so.</summary>
    internal async Task CheckAsync(CancellationToken ct)
    {
        // Check long-over windows only every second time: a backfill has many, and nobody waits for the second they become durable.
        _isEvenCheck = !_isEvenCheck;
        var longOver = time.GetUtcNow() - LongOver;
        foreach (var waiting in outstanding.AwaitingFlush(window => _isEvenCheck || window.Key.End >= longOver).Chunk(WindowsInQuery))
        {
            outstanding.Settle(waiting, await ReadAppliedAsync(waiting, ct));
        }

        foreach (var (epoch, seq) in outstanding.Finished())
        {
            await DeleteAsync(epoch, seq, ct);
            outstanding.Deleted(epoch, seq);
        }
    }

    private async Task<Dictionary<(long, WindowKey), long>> ReadAppliedAsync(OutstandingWindow[] windows, CancellationToken ct)
    {
        var keys = windows.Select(window => window.Key).Distinct().ToList();
        await using var command = db.CreateCommand($"SELECT w.series_id, w.window_start, w.applied FROM {WindowRows.ByKey} w");
        WindowRows.Bind(command.Parameters, keys);
        var applied = new Dictionary<(long, WindowKey), long>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var key = new WindowKey(reader.GetInt32(0), new DateTimeOffset(reader.GetDateTime(1)).ToUnixTimeSeconds());
            foreach (var pair in reader.GetFieldValue<long[]>(2).Chunk(2))
            {
                applied[(pair[0], key)] = pair[1];
            }
        }

        return applied;
    }

    private async Task DeleteAsync(long epoch, long seq, CancellationToken ct)
    {
        await using var command = db.CreateCommand("DELETE FROM ingest_journal WHERE epoch = $1 AND seq <= $2");
        command.With(epoch, seq);
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Delivery from the journal failed; it is tried again")]
    private partial void Failed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{count} windows did not take their figures; they are sent again. One of the reasons")]
    private partial void NotDelivered(int count, Exception exception);

    /// <param name="Hour">Of windows that are long over; null for one that is not.</param>
    private sealed record Call(BackfillKey? Hour, IReadOnlyList<OutstandingDelta> Parts);
}
