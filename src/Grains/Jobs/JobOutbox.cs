using System.Collections.Concurrent;
using System.Threading.Channels;
using Bayou.Database;
using Microsoft.Extensions.Logging;

namespace Bayou.Jobs;

/// <summary>How jobs were left, until the database knows: written many at once, again and again while that is away.</summary>
/// <param name="holds">Whether a worker still has its lease, so that it is worth trying again.</param>
/// <param name="written">Told when something was: other jobs may have waited for it.</param>
/// <param name="giveUp">Called when something cannot be written at all: others are to take it over.</param>
internal sealed partial class JobOutbox(JobEnds ends, TimeProvider time, ILogger logger, Func<long, bool> holds, Action written, Action giveUp)
{
    private const int MostAtOnce = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<(long Life, JobEnd End)> _left = Channel.CreateUnbounded<(long, JobEnd)>(new() { SingleReader = true });
    private readonly ConcurrentDictionary<ClaimedJob, bool> _unwritten = new();

    /// <summary>Jobs that are over, which the database does not know yet.</summary>
    public IEnumerable<ClaimedJob> Unwritten => _unwritten.Keys;

    /// <summary>Also of a life that is lost: what others have taken is no longer that one's.</summary>
    public void Add(long life, JobEnd end)
    {
        _unwritten[end.Job] = true;
        _left.Writer.TryWrite((life, end));
    }

    /// <summary>No more come.</summary>
    public void Complete() => _left.Writer.TryComplete();

    /// <summary>Writes as many at once as there are by then, until no more come.</summary>
    public async Task RunAsync()
    {
        while (await _left.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var taken = new List<JobEnd>();
            var life = 0L;
            while (taken.Count < MostAtOnce && _left.Reader.TryPeek(out var next) && (taken.Count == 0 || next.Life == life) && _left.Reader.TryRead(out next))
            {
                life = next.Life;
                taken.Add(next.End);
            }

            await WriteAsync(life, taken);
            taken.ForEach(end => _unwritten.TryRemove(end.Job, out _));
        }
    }

    /// <summary>Until it is written. Doing it again is harmless: what is written is no longer the worker's.</summary>
    private async Task WriteAsync(long life, List<JobEnd> some)
    {
        while (true)
        {
            try
            {
                await ends.WriteAsync(life, some, CancellationToken.None);
                written();
                return;
            }
            catch (Exception e) when (!DatabaseFailure.IsPassing(e))
            {
                NotWritten(some.Count, e);
                await WriteApartAsync(life, some);
                return;
            }
            catch (Exception e)
            {
                NotWritten(some.Count, e);
                if (!holds(life))
                {
                    return; // Others take them over.
                }

                await Task.Delay(Pause, time, CancellationToken.None);
            }
        }
    }

    /// <summary>One of them cannot be written: the others need not wait for it, and it is written without what cannot be stored.</summary>
    private async Task WriteApartAsync(long life, List<JobEnd> some)
    {
        if (some is [var one])
        {
            if (one.IsPlain)
            {
                giveUp(); // Here it would stay as if it ran for ever.
                return;
            }

            some = [one.Plain()];
        }

        foreach (var end in some)
        {
            await WriteAsync(life, [end]);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "How {count} jobs ended could not be written just now")]
    private partial void NotWritten(int count, Exception exception);
}
