using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Bayou.Jobs;

/// <summary>
/// A queue's places in this process: takes as many jobs as have one, and a few ahead where they are so short that fetching each would take longer than running
/// it. Priorities take turns to go first, by their weights, so that none is kept waiting for ever.
/// </summary>
internal sealed partial class JobSlots : IDisposable
{
    private const int MostAhead = 500;

    /// <summary>For about which jobs that were taken ahead wait here.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(20);

    /// <summary>After which such jobs are handed back: what runs takes longer than thought.</summary>
    private static readonly TimeSpan LongestAhead = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    // Of fifteen turns to go first, so many are each priority's; after it come the others in their order.
    private static readonly int[][] Turns = [.. new[] { 0, 1, 0, 2, 0, 1, 0, 0, 1, 0, 3, 0, 1, 0, 2 }
        .Select(first => new[] { first }.Concat(Enumerable.Range(0, JobType.LastPriority + 1).Where(other => other != first)).ToArray())];

    private readonly string _queue;
    private readonly int _places;
    private readonly JobClaims _claims;
    private readonly JobTypes _types;
    private readonly RunSurroundings _around;
    private readonly Action<JobRun, JobEnd> _ended;
    private readonly Channel<JobRun> _taken = Channel.CreateUnbounded<JobRun>();
    private readonly ConcurrentDictionary<JobRun, bool> _held = new(); // true once it runs
    private readonly Signal _wake = new(isSet: true);
    private Task _taking = Task.CompletedTask;
    private int _turn;
    private int _running;
    private double _averageTicks = TimeSpan.TicksPerSecond;

    /// <param name="ended">Told how each job is left.</param>
    public JobSlots(string queue, int places, JobClaims claims, JobTypes types, RunSurroundings around, Action<JobRun, JobEnd> ended) =>
        (_queue, _places, _claims, _types, _around, _ended) = (queue, places, claims, types, around, ended);

    public string Queue => _queue;

    /// <summary>Jobs of this queue that this process holds.</summary>
    public IEnumerable<JobRun> Held => _held.Keys;

    public int HeldCount => _held.Count;

    public int Running => _running;

    /// <summary>Whether jobs may have been handed out that are not known here yet.</summary>
    public bool IsTaking { get; private set; }

    private int Waiting => _taken.Reader.Count;

    private int MayWait => (int)Math.Min(MostAhead, _places * (Ahead.Ticks / Math.Max(_averageTicks, 1)));

    /// <summary>Has it look whether a job is due.</summary>
    public void Wake() => _wake.Set();

    public void Dispose() => _wake.Dispose();

    /// <param name="life">The worker's present one.</param>
    /// <param name="noMore">Fires when no more are taken.</param>
    /// <param name="stopping">Fires when jobs are no longer waited for.</param>
    public IEnumerable<Task> Start(Func<WorkerLife> life, CancellationToken noMore, CancellationToken stopping) =>
        [_taking = TakeAsync(life, noMore), .. Enumerable.Range(0, _places).Select(_ => RunAsync(stopping))];

    /// <summary>Waits until no more are taken, and hands back those that do not run yet.</summary>
    public async Task StopTakingAsync()
    {
        await _taking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // It ends by being told to.
        HandBack(all: true);
        _taken.Writer.TryComplete();
    }

    /// <summary>Hands back what was taken ahead and does not get its turn.</summary>
    /// <param name="all">Also what has only just come.</param>
    public void HandBack(bool all)
    {
        while (_taken.Reader.TryPeek(out var oldest) && (all || _around.Time.GetElapsedTime(oldest.TakenAt) > LongestAhead)
            && _taken.Reader.TryRead(out var run))
        {
            Leave(run, JobEnd.HandedBack(run.Job, TimeSpan.Zero));
        }
    }

    private async Task TakeAsync(Func<WorkerLife> life, CancellationToken stop)
    {
        while (true)
        {
            await _wake.WaitAsync(stop);
            try
            {
                while (Room() is > 0 and var room && await TakeAsync(life(), room, stop) == room)
                {
                }
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                NotTaken(_around.Logger, _queue, e);
                await Task.Delay(AfterFailure, _around.Time, stop);
                Wake();
            }
        }
    }

    /// <summary>One of the places: runs job after job.</summary>
    private async Task RunAsync(CancellationToken stopping)
    {
        while (await _taken.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (_taken.Reader.TryRead(out var run))
            {
                _held[run] = true;
                Interlocked.Increment(ref _running);
                var end = run.Life.Lost.IsCancellationRequested || stopping.IsCancellationRequested
                    ? JobEnd.HandedBack(run.Job, TimeSpan.Zero) : await run.RunAsync(stopping);
                Interlocked.Decrement(ref _running);
                _averageTicks += (end.Ran.Ticks - _averageTicks) / 16; // Whoever writes last counts; it is a guess.
                Leave(run, end);
                if (Waiting <= MayWait / 2)
                {
                    Wake();
                }
            }
        }
    }

    private int Room()
    {
        var (waiting, mayWait) = (Waiting, MayWait);
        var free = _places - _running - waiting;
        return waiting <= mayWait / 2 ? free + mayWait : free;
    }

    private async Task<int> TakeAsync(WorkerLife life, int most, CancellationToken stop)
    {
        // The places are left to it when it has begun: a job that was handed out is not forgotten because this process ends.
        stop.ThrowIfCancellationRequested();
        var turn = Turns[_turn = (_turn + 1) % Turns.Length];
        IsTaking = true;
        try
        {
            var jobs = await _claims.TakeAsync(life.Id, _queue, turn, most, CancellationToken.None);
            foreach (var job in jobs)
            {
                var run = new JobRun(job, life, _types.Find(job.Type), _around);
                _held[run] = false;
                _taken.Writer.TryWrite(run);
            }

            return jobs.Count;
        }
        finally
        {
            IsTaking = false;
        }
    }

    private void Leave(JobRun run, JobEnd end)
    {
        _ended(run, end);
        _held.TryRemove(run, out _);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No jobs of queue {queue} could be taken just now")]
    private static partial void NotTaken(ILogger logger, string queue, Exception exception);
}
