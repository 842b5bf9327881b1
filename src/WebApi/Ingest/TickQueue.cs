using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace Bayou.Ingest;

/// <summary>Gathers what senders bring into ticks: a commit is shared by all that came since the last one began.</summary>
internal sealed class TickQueue<TBatch>(IOptions<IngestOptions> options, TimeProvider time)
    where TBatch : class, IIngestBatch
{
    // With so many waiting items a tick does not wait for its time: company would make the commit no cheaper.
    private const int WorthTick = 2_000;

    // A tick takes no more than these and one batch.
    private const int FullTick = 50_000;
    private const long FullTickBytes = 32_000_000;
    private const long MostQueuedBytes = 256_000_000;

    private readonly Channel<Submission<TBatch>> _queue = Channel.CreateUnbounded<Submission<TBatch>>(new() { SingleReader = true });
    private int _queued; // items
    private long _queuedBytes;

    /// <summary>Completes when the batch is durable, or surely is not.</summary>
    public Task<SubmissionOutcome> SubmitAsync(Submission<TBatch> submission)
    {
        var (count, bytes) = (submission.Batch.Count, submission.Batch.Bytes); // Its sender may give it back as soon as it is resolved.
        if (Volatile.Read(ref _queued) > options.Value.MaxQueued || Volatile.Read(ref _queuedBytes) > MostQueuedBytes || !_queue.Writer.TryWrite(submission))
        {
            return Task.FromResult(SubmissionOutcome.Unavailable);
        }

        Interlocked.Add(ref _queued, count);
        Interlocked.Add(ref _queuedBytes, bytes);
        return submission.Outcome;
    }

    /// <summary>Takes no more; what is queued is still done.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <summary>Runs ticks, one at a time, until <see cref="Complete"/>.</summary>
    /// <param name="tick">Resolves each submission.</param>
    /// <param name="stopping">From then on a tick does not wait for company.</param>
    public async Task RunAsync(Func<IReadOnlyList<Submission<TBatch>>, Task> tick, CancellationToken stopping)
    {
        var batch = new List<Submission<TBatch>>();
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var started = time.GetTimestamp();
            var (items, bytes) = (0, 0L);
            while (items < FullTick && bytes < FullTickBytes && _queue.Reader.TryRead(out var submission))
            {
                batch.Add(submission);
                items += submission.Batch.Count;
                bytes += submission.Batch.Bytes;
            }

            Interlocked.Add(ref _queued, -items);
            Interlocked.Add(ref _queuedBytes, -bytes);
            await tick(batch);
            batch.Clear();
            var pause = TimeSpan.FromMilliseconds(options.Value.TickMilliseconds) - time.GetElapsedTime(started);
            if (pause > TimeSpan.Zero && items < WorthTick && Volatile.Read(ref _queued) < WorthTick && !stopping.IsCancellationRequested)
            {
                await Task.Delay(pause, time, CancellationToken.None);
            }
        }
    }
}
