using Bayou.Cluster;
using Bayou.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>Runs jobs in this process. See docs/adr/0017-jobs.md.</summary>
internal sealed partial class JobWorker : IHostedLifecycleService, IDisposable
{
    /// <summary>How often it looks for what nobody rang for.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Of looks, however often somebody rings.</summary>
    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(50);

    private readonly JobLease _lease;
    private readonly JobClaims _claims;
    private readonly JobOutbox _outbox;
    private readonly JobBell _bell;
    private readonly NpgsqlDataSource _db;
    private readonly TimeProvider _time;
    private readonly JobsOptions _options;
    private readonly ILogger<JobWorker> _logger;
    private readonly List<JobSlots> _slots;
    private readonly CancellationTokenSource _noMore = new(); // No more jobs are taken.
    private readonly CancellationTokenSource _stopping = new(); // Those that run are to stop.
    private readonly CancellationTokenSource _over = new(); // Nothing is done any more.
    private readonly Signal _rung = new();
    private readonly List<Task> _loops = [];
    private WorkerLife? _life;
    private Task _writing = Task.CompletedTask;

    public JobWorker(
        JobLease lease, JobClaims claims, JobEnds ends, JobBell bell, JobTypes types, [FromKeyedServices(DatabasePool.Jobs)] NpgsqlDataSource db,
        NodeIdentity node, TimeProvider time, IOptions<JobsOptions> options, IServiceProvider services, ILogger<JobWorker> logger)
    {
        (_lease, _claims, _bell, _db, _time, _options, _logger) = (lease, claims, bell, db, time, options.Value, logger);
        _outbox = new(ends, time, logger, life => !_stopping.IsCancellationRequested && life == _life?.Id, WakeAll, Lose);
        var around = new RunSurroundings(services, node.Name, time, logger);
        _slots = [.. _options.Queues.Where(queue => queue.Value > 0)
            .Select(queue => new JobSlots(queue.Key, queue.Value, claims, types, around, Left))];
    }

    /// <summary>Its number; null before it has one.</summary>
    public long? Id => _life?.Id;

    private int Running => _slots.Sum(slots => slots.Running);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Once all else has started, as jobs need it.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _loops.Add(LiveAsync());
        return Task.CompletedTask;
    }

    /// <summary>Waits for what runs, then tells it to stop, then hands it back; before anything that jobs need has stopped.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _noMore.CancelAsync();
        foreach (var slots in _slots)
        {
            await slots.StopTakingAsync();
        }

        await IdleAsync(TimeSpan.FromSeconds(_options.StopSeconds), cancellationToken);
        await _stopping.CancelAsync();
        await IdleAsync(Timeout.InfiniteTimeSpan, cancellationToken);
        _outbox.Complete();
        try
        {
            await _writing.WaitAsync(cancellationToken);
            if (_life is { } life)
            {
                await _lease.EndAsync(life.Id, cancellationToken);
            }
        }
        catch (Exception e) when (DatabaseFailure.Is(e) || e is OperationCanceledException)
        {
            NotEnded(e); // Others take what it held once its lease has run out.
        }

        await _over.CancelAsync();
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // They end by being told to.
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _slots.ForEach(slots => slots.Dispose());
        _life?.Dispose();
        _noMore.Dispose();
        _stopping.Dispose();
        _over.Dispose();
        _rung.Dispose();
    }

    private async Task LiveAsync()
    {
        try
        {
            _life = await BeginAsync(_noMore.Token);
        }
        catch (OperationCanceledException)
        {
            return; // The process ends before it began.
        }

        _bell.Rang += OnRang;
        _writing = _outbox.RunAsync();
        _loops.AddRange([GoOnAsync(BeatAsync), GoOnAsync(LookAsync), GoOnAsync(ListenAsync)]);
        _loops.AddRange(_slots.SelectMany(slots => slots.Start(() => _life!, _noMore.Token, _stopping.Token)));
    }

    /// <summary>Whatever is wrong with one of its parts, the others cannot do without it.</summary>
    private async Task GoOnAsync(Func<Task> part)
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                await part();
            }
            catch (Exception e) when (!_over.IsCancellationRequested)
            {
                Failed(e);
                await Task.Delay(Look, _time, _over.Token);
            }
        }
    }

    private async Task<WorkerLife> BeginAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                var asked = _time.GetTimestamp();
                var life = new WorkerLife(await _lease.BeginAsync(ct));
                life.Extend(_options.Lease - _time.GetElapsedTime(asked));
                return life;
            }
            catch (Exception e) when (!ct.IsCancellationRequested && DatabaseFailure.Is(e))
            {
                NotReached(e);
                await Task.Delay(Look, _time, ct);
            }
        }
    }

    /// <summary>Renews the lease, and takes over from those who did not renew theirs.</summary>
    private async Task BeatAsync()
    {
        var period = _options.Lease / 5;
        var steadySince = _time.GetTimestamp();
        while (!_over.IsCancellationRequested)
        {
            try
            {
                var asked = _time.GetTimestamp();
                var (isRenewed, isAnyLost) = _life!.Lost.IsCancellationRequested ? (false, false)
                    : await _lease.RenewAsync(_life.Id, Running, _noMore.IsCancellationRequested, _over.Token);
                if (!isRenewed)
                {
                    Lose();
                    _life = await BeginAsync(_over.Token); // Also while it stops: what is left of its jobs is handed back by a worker that lives.
                }

                _life.Extend(_options.Lease - period - _time.GetElapsedTime(asked)); // By then others may have taken over.

                // When all were cut off at once, as by the database's own restart, each is given time to say that it is there.
                if (isAnyLost && _time.GetElapsedTime(steadySince) > _options.Lease && await _lease.TakeOverAsync(_over.Token) is > 0 and var taken)
                {
                    TakenOver(taken);
                    _bell.Ring();
                }
            }
            catch (Exception e) when (!_over.IsCancellationRequested && DatabaseFailure.Is(e))
            {
                NotReached(e);
                steadySince = _time.GetTimestamp();
            }

            await Task.Delay(period, _time, _over.Token);
        }
    }

    private void Lose()
    {
        LeaseLost(_life!.Id);
        _life.Lose();
    }

    /// <summary>Looks for what is due and for what is to stop, keeps how far jobs are, and hands back what waits for too long.</summary>
    private async Task LookAsync()
    {
        var queues = _options.Queues.Where(queue => queue.Value > 0).Select(queue => queue.Key).ToList();
        var next = Look;
        while (true)
        {
            await _rung.WaitAsync(next, _over.Token);
            try
            {
                await ReportAsync();
                _slots.ForEach(slots => slots.HandBack(all: false));
                var life = _life!;
                var isSure = !_slots.Exists(slots => slots.IsTaking);
                var known = _slots.SelectMany(slots => slots.Held).Where(run => run.Life == life).Select(run => run.Job).Concat(_outbox.Unwritten)
                    .Select(job => (job.Id, job.Fence)).ToHashSet(); // Before the look: what comes later is not in it.
                var (dueIn, held) = await _claims.LookAsync(life.Id, queues, _over.Token);
                foreach (var slots in _slots.Where(slots => dueIn.TryGetValue(slots.Queue, out var due) && due <= TimeSpan.Zero))
                {
                    slots.Wake();
                }

                var stops = held.Where(job => job.IsCancelled).Select(job => (job.Id, job.Fence)).ToHashSet();
                foreach (var run in _slots.SelectMany(slots => slots.Held).Where(run => stops.Contains((run.Job.Id, run.Job.Fence))))
                {
                    run.Cancel();
                }

                // Handed out by a statement whose answer never came: nobody runs it.
                foreach (var job in held.Where(job => isSure && !known.Contains((job.Id, job.Fence)) && !_outbox.Unwritten.Any(end => end.Id == job.Id)))
                {
                    _outbox.Add(life.Id, JobEnd.HandedBack(job.ToClaimed(), TimeSpan.Zero));
                }

                next = dueIn.Values.Where(due => due > TimeSpan.Zero).Append(Look).Min();
            }
            catch (Exception e) when (!_over.IsCancellationRequested && DatabaseFailure.Is(e))
            {
                NotReached(e);
                next = Look;
            }

            await Task.Delay(ShortestLook, _time, _over.Token);
        }
    }

    private async Task ReportAsync()
    {
        var told = new List<(ClaimedJob, double, string?)>();
        foreach (var run in _slots.SelectMany(slots => slots.Held))
        {
            if (run.Context?.TakeReport() is var (progress, note))
            {
                told.Add((run.Job, progress, note));
            }
        }

        if (told.Count > 0)
        {
            await _claims.ProgressAsync(_life!.Id, told, _over.Token);
        }
    }

    /// <summary>Hears the bells of other processes.</summary>
    private async Task ListenAsync()
    {
        while (true)
        {
            try
            {
                await using var connection = await _db.OpenConnectionAsync(_over.Token);
                connection.Notification += (_, _) => OnRang();
                await using (var listen = new NpgsqlCommand($"LISTEN {JobBell.Channel}", connection))
                {
                    await listen.ExecuteNonQueryAsync(_over.Token);
                }

                OnRang(); // For what was rung while nobody listened.
                while (true)
                {
                    await connection.WaitAsync(_over.Token);
                }
            }
            catch (Exception e) when (!_over.IsCancellationRequested && DatabaseFailure.Is(e))
            {
                NotReached(e);
                await Task.Delay(Look, _time, _over.Token);
            }
        }
    }

    private void WakeAll() => _slots.ForEach(slots => slots.Wake());

    private void OnRang()
    {
        WakeAll();
        _rung.Set();
    }

    private void Left(JobRun run, JobEnd end)
    {
        run.Dispose();
        _outbox.Add(run.Life.Id, end);
    }

    private async Task IdleAsync(TimeSpan longest, CancellationToken ct)
    {
        var began = _time.GetTimestamp();
        while (_slots.Exists(slots => slots.HeldCount > 0) && !ct.IsCancellationRequested
            && (longest == Timeout.InfiniteTimeSpan || _time.GetElapsedTime(began) < longest))
        {
            await Task.Delay(ShortestLook, _time, CancellationToken.None);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What became of jobs here could not be said before the end; others will find out")]
    private partial void NotEnded(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "A part of the job worker failed, and begins anew")]
    private partial void Failed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs wait for the database")]
    private partial void NotReached(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {worker} could not renew its lease; its jobs are others' now")]
    private partial void LeaseLost(long worker);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Took {count} jobs over from workers that were lost")]
    private partial void TakenOver(int count);
}
