using Bayou.Metrics;

namespace Bayou.Windows;

/// <summary>
/// What the journal holds of one epoch for one window and the window's row does not yet: which of it to send
/// next, and what has become durable. Not thread-safe.
/// </summary>
internal sealed class OutstandingWindow(long epoch, WindowKey key)
{
    /// <summary>Checks without progress after which what was sent is taken for lost.</summary>
    private const int PatienceChecks = 5;

    // Ascending, none durable. A link never changes once it is sealed.
    private Link? _first;
    private Link? _last;
    private long _sent; // the grain has said that it holds the epoch up to here
    private long _due; // what it had said so at the last check: worth asking for, whatever has come since
    private int _idleChecks;

    public long Epoch => epoch;

    public WindowKey Key => key;

    /// <summary>Sets of figures held.</summary>
    public int Held
    {
        get
        {
            var held = 0;
            for (var link = _first; link is not null; link = link.Next)
            {
                held++;
            }

            return held;
        }
    }

    public bool IsEmpty => _first is null;

    /// <summary>The lowest seq that is not known to be durable.</summary>
    public long FirstSeq => _first!.First;

    /// <summary>Whether the grain holds something that is not known to be durable, and has had the time to have it written.</summary>
    public bool AwaitsFlush => _first?.First <= _due;

    public bool HasUnsent => _last?.Last > _sent;

    /// <summary>The figures that a journal row adds to; seqs only ascend.</summary>
    /// <param name="live">
    /// Whether nobody else delivers this epoch: then what was never sent may be merged. Of an adopted one the grain may hold any seq,
    /// so each stays apart.
    /// </param>
    /// <param name="added">Whether that is a further set of figures.</param>
    public WindowFigures At(long seq, bool live, out bool added)
    {
        added = false;
        if (_last is { IsSealed: false } open && (live || open.Last == seq))
        {
            open.Last = seq;
            return open.Figures;
        }

        added = true;
        var link = new Link(seq);
        if (_last is null)
        {
            _first = link;
        }
        else
        {
            _last.Next = link;
        }

        _last = link;
        return link.Figures;
    }

    /// <summary>All that has not been sent, as one call; null when there is nothing.</summary>
    public OutstandingDelta? Next()
    {
        var previous = 0L;
        var link = _first;
        for (; link is not null && link.Last <= _sent; link = link.Next)
        {
            previous = link.Last;
        }

        if (link is null)
        {
            return null;
        }

        var figures = new List<WindowFigures>(1);
        var first = link.First;
        for (; link is not null; link = link.Next)
        {
            link.IsSealed = true;
            figures.Add(link.Figures);
        }

        return new(this, previous, first, _last!.Last, figures);
    }

    /// <summary>Takes the grain's answer: how far it holds this epoch.</summary>
    public void Answered(OutstandingDelta sent, long applied)
    {
        // An answer below what was sent names what is missing: the next call begins there. A discarded
        // activation holds nothing that is not durable.
        _sent = applied == WindowDelta.Discarded ? 0 : Math.Min(applied, sent.Last);
        _due = Math.Min(_due, _sent);
    }

    /// <summary>Ends a check; answers so far count in the next.</summary>
    public void Checked() => _due = _sent;

    /// <summary>Drops what the row holds, by its <c>applied</c>, and returns how many sets of figures that were.</summary>
    public int Durable(long applied)
    {
        var dropped = 0;
        while (_first?.Last <= applied)
        {
            (_first, dropped) = (_first.Next, dropped + 1);
        }

        _last = _first is null ? null : _last;
        _idleChecks = dropped > 0 ? 0 : _idleChecks + 1;
        if (_idleChecks >= PatienceChecks)
        {
            (_sent, _due, _idleChecks) = (0, 0, 0);
        }

        return dropped;
    }

    /// <summary>Figures of some consecutive seqs.</summary>
    private sealed class Link(long seq)
    {
        public long First { get; } = seq;

        public long Last { get; set; } = seq;

        public WindowFigures Figures { get; } = new();

        public bool IsSealed { get; set; }

        public Link? Next { get; set; }
    }
}

/// <summary>What to send to a window's grain. Its figures are sealed, so they may be read while the window takes more.</summary>
internal sealed record OutstandingDelta(OutstandingWindow Window, long Previous, long First, long Last, IReadOnlyList<WindowFigures> Figures)
{
    public WindowDelta Encode()
    {
        var sum = Figures[0];
        if (Figures.Count > 1)
        {
            sum = new WindowFigures();
            foreach (var figures in Figures)
            {
                sum.Merge(figures);
            }
        }

        return new(Window.Epoch, Previous, First, Last, sum.ToBytes());
    }
}
