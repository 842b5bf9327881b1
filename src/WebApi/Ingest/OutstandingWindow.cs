using Bayou.Metrics;

namespace Bayou.Ingest;

/// <summary>
/// What the journal holds of one epoch for one window and the window's row does not yet: which of it to send
/// next, and what has become durable. Not thread-safe.
/// </summary>
internal sealed class OutstandingWindow(long epoch, WindowKey key)
{
    /// <summary>Checks without progress after which what was sent is taken for lost.</summary>
    private const int PatienceChecks = 3;

    private readonly List<(long Seq, byte[] Figures)> _entries = []; // ascending, none durable
    private long _sent; // the grain has said that it holds the epoch up to here
    private int _idleChecks;

    public long Epoch => epoch;

    public WindowKey Key => key;

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>Whether the grain holds something that is not known to be durable.</summary>
    public bool AwaitsFlush => _entries.Count > 0 && _entries[0].Seq <= _sent;

    public bool HasUnsent => _entries.Count > 0 && _entries[^1].Seq > _sent;

    /// <summary>Takes a journal row's part; mostly the highest seq yet.</summary>
    public void Add(long seq, byte[] figures)
    {
        var at = _entries.Count;
        while (at > 0 && _entries[at - 1].Seq > seq)
        {
            at--;
        }

        _entries.Insert(at, (seq, figures));
    }

    /// <summary>All that has not been sent, as one call; null when there is nothing.</summary>
    public WindowDelta? Next()
    {
        var unsent = _entries.FindIndex(entry => entry.Seq > _sent);
        if (unsent < 0)
        {
            return null;
        }

        var previous = unsent == 0 ? 0 : _entries[unsent - 1].Seq;
        return new(epoch, previous, _entries[unsent].Seq, _entries[^1].Seq, Merge(unsent));
    }

    /// <summary>Takes the grain's answer: how far it holds this epoch.</summary>
    public void Answered(WindowDelta sent, long applied)
    {
        // An answer below what was sent names what is missing: the next call begins there. A discarded
        // activation holds nothing that is not durable.
        _sent = applied == WindowDelta.Discarded ? 0 : Math.Min(applied, sent.Last);
    }

    /// <summary>Drops what the row holds, by its <c>applied</c>, and returns the seqs dropped.</summary>
    public IReadOnlyList<(long Seq, int Bytes)> Durable(long applied)
    {
        var done = _entries.TakeWhile(entry => entry.Seq <= applied).Select(entry => (entry.Seq, entry.Figures.Length)).ToList();
        _entries.RemoveRange(0, done.Count);
        _idleChecks = done.Count > 0 ? 0 : _idleChecks + 1;
        if (_idleChecks >= PatienceChecks)
        {
            (_sent, _idleChecks) = (0, 0);
        }

        return done;
    }

    private byte[] Merge(int from)
    {
        if (from == _entries.Count - 1)
        {
            return _entries[from].Figures;
        }

        var sum = WindowFigures.FromBytes(_entries[from].Figures);
        foreach (var (_, figures) in _entries.Skip(from + 1))
        {
            sum.Merge(WindowFigures.FromBytes(figures));
        }

        return sum.ToBytes();
    }
}
