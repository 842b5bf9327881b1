using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bayou.Ingest;
using Bayou.Metrics;
using Microsoft.Extensions.Options;

namespace Bayou.Windows;

/// <summary>
/// What this node has to deliver: of each epoch in its charge the journal rows, and their figures by window. A row may go
/// when no window of its epoch holds anything of it or of an earlier one that is not known to be durable.
/// </summary>
internal sealed class Outstanding(IOptions<IngestOptions> options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Epoch> _epochs = [];
    private long _bytes;
    private long _lastAdded;
    private int _held; // sets of figures

    /// <summary>Bytes of journal rows not yet deleted.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether senders have to wait until some of it is durable.</summary>
    public bool IsFull => Bytes > options.Value.MaxOutstandingBytes || Volatile.Read(ref _held) > options.Value.MaxOutstandingFigures;

    /// <summary>When the last row came, as <see cref="TimeProvider.GetTimestamp"/> has it.</summary>
    public long LastAdded => Interlocked.Read(ref _lastAdded);

    /// <summary>Whether more may be adopted.</summary>
    public bool HasRoom => Bytes < options.Value.MaxOutstandingBytes / 2 && Volatile.Read(ref _held) < options.Value.MaxOutstandingFigures / 2;

    public int Rows
    {
        get
        {
            lock (_gate)
            {
                return _epochs.Values.Sum(epoch => epoch.Rows.Count);
            }
        }
    }

    /// <summary>Whether the oldest row has been outstanding for longer than this.</summary>
    public bool IsBehind(TimeSpan limit)
    {
        lock (_gate)
        {
            return _epochs.Values.Any(epoch => epoch.Rows.TryPeek(out var oldest) && time.GetUtcNow() - oldest.Since > limit);
        }
    }

    /// <summary>Takes a journal row; one that is known already is left as it is. Seqs of an epoch come ascending.</summary>
    /// <param name="live">Whether the epoch is this node's own and not fenced.</param>
    /// <exception cref="InvalidDataException">This version cannot read it; nothing of it was taken.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Called seldom, and at length: not to be slow until it has been called often.
    public void Add(long epochId, long seq, ReadOnlySpan<byte> payload, bool live)
    {
        if (!live)
        {
            // Read to its end before any of it counts; this node's own need no such care.
            var (window, total) = (new WindowFigures(), new WindowFigures());
            for (var row = new JournalReader(payload); row.MoveNext();)
            {
                row.AddTo(window, total);
            }
        }

        lock (_gate)
        {
            ref var epoch = ref CollectionsMarshal.GetValueRefOrAddDefault(_epochs, epochId, out _);
            epoch ??= new();
            if (seq <= epoch.LastSeq)
            {
                return;
            }

            epoch.LastSeq = seq;
            epoch.Rows.Enqueue(new(seq, time.GetUtcNow(), payload.Length));
            Interlocked.Add(ref _bytes, payload.Length);
            Interlocked.Exchange(ref _lastAdded, time.GetTimestamp());
            (WindowKey? last, WindowFigures? figures) = (null, null);
            for (var row = new JournalReader(payload); row.MoveNext();)
            {
                if (row.Total != last)
                {
                    // Mostly that of the one before.
                    (last, figures) = (row.Total, row.Total is { } total ? At(total) : null);
                }

                row.AddTo(At(row.Window), figures);
            }
        }

        WindowFigures At(WindowKey key)
        {
            ref var window = ref CollectionsMarshal.GetValueRefOrAddDefault(_epochs[epochId].Windows, key, out var exists);
            if (!exists)
            {
                window = new(epochId, key);
            }

            var figures = window!.At(seq, live, out var added);
            _held += added ? 1 : 0;
            return figures;
        }
    }

    /// <summary>The last row taken of an epoch, 0 for none.</summary>
    public long LastSeq(long epochId)
    {
        lock (_gate)
        {
            return _epochs.TryGetValue(epochId, out var epoch) ? epoch.LastSeq : 0;
        }
    }

    /// <summary>Lets go of an epoch: it is over, or left to whoever has fenced it.</summary>
    public void Forget(long epochId)
    {
        lock (_gate)
        {
            if (_epochs.Remove(epochId, out var epoch))
            {
                Interlocked.Add(ref _bytes, -epoch.Rows.Sum(row => (long)row.Bytes));
                _held -= epoch.Windows.Values.Sum(window => window.Held);
            }
        }
    }

    /// <summary>How many windows have something unsent, of those that are over at a moment.</summary>
    public int CountUnsent(DateTimeOffset over)
    {
        lock (_gate)
        {
            return Windows().Count(window => window.HasUnsent && window.Key.End < over);
        }
    }

    /// <summary>What to send of the windows with something unsent.</summary>
    public List<OutstandingDelta> Unsent(Predicate<OutstandingWindow> wanted)
    {
        lock (_gate)
        {
            return [.. Windows().Where(window => window.HasUnsent && wanted(window)).Select(window => window.Next()!)];
        }
    }

    /// <summary>Takes the answers to what was sent, one each.</summary>
    public void Answered(IReadOnlyList<OutstandingDelta> sent, IReadOnlyList<long> applied)
    {
        lock (_gate)
        {
            for (var i = 0; i < sent.Count; i++)
            {
                sent[i].Window.Answered(sent[i], applied[i]);
            }
        }
    }

    /// <summary>Windows to check: what their grains held at the last check, and is not known to be durable.</summary>
    public List<OutstandingWindow> AwaitingFlush(Predicate<OutstandingWindow> wanted)
    {
        lock (_gate)
        {
            var awaiting = new List<OutstandingWindow>();
            foreach (var window in Windows().Where(window => wanted(window)))
            {
                if (window.AwaitsFlush)
                {
                    awaiting.Add(window);
                }

                window.Checked();
            }

            return awaiting;
        }
    }

    /// <summary>Takes what the rows of windows hold, by epoch and window.</summary>
    public void Settle(IEnumerable<OutstandingWindow> windows, IReadOnlyDictionary<(long Epoch, WindowKey Key), long> applied)
    {
        lock (_gate)
        {
            foreach (var window in windows)
            {
                if (!_epochs.TryGetValue(window.Epoch, out var epoch) || epoch.Windows.GetValueOrDefault(window.Key) != window)
                {
                    continue; // Its epoch was forgotten meanwhile.
                }

                _held -= window.Durable(applied.GetValueOrDefault((window.Epoch, window.Key)));
                if (window.IsEmpty)
                {
                    epoch.Windows.Remove(window.Key);
                }
            }
        }
    }

    /// <summary>For each epoch with rows that are wholly durable, the last of these.</summary>
    public List<(long Epoch, long Seq)> Finished()
    {
        lock (_gate)
        {
            var finished = new List<(long, long)>();
            foreach (var (id, epoch) in _epochs)
            {
                var pending = epoch.Windows.Count == 0 ? long.MaxValue : epoch.Windows.Values.Min(window => window.FirstSeq);
                var last = epoch.Rows.TakeWhile(row => row.Seq < pending).LastOrDefault();
                if (last.Seq > 0)
                {
                    finished.Add((id, last.Seq));
                }
            }

            return finished;
        }
    }

    /// <summary>The rows up to this one are deleted.</summary>
    public void Deleted(long epochId, long seq)
    {
        lock (_gate)
        {
            if (!_epochs.TryGetValue(epochId, out var epoch))
            {
                return;
            }

            while (epoch.Rows.TryPeek(out var row) && row.Seq <= seq)
            {
                epoch.Rows.Dequeue();
                Interlocked.Add(ref _bytes, -row.Bytes);
            }
        }
    }

    private IEnumerable<OutstandingWindow> Windows() => _epochs.Values.SelectMany(epoch => epoch.Windows.Values);

    private sealed class Epoch
    {
        public long LastSeq { get; set; }

        public Queue<Row> Rows { get; } = new();

        public Dictionary<WindowKey, OutstandingWindow> Windows { get; } = [];
    }

    /// <param name="Since">When this node took charge of it.</param>
    private readonly record struct Row(long Seq, DateTimeOffset Since, int Bytes);
}
