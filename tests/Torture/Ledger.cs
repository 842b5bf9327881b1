namespace Bayou.Torture;

/// <summary>One thing that is counted: a project's requests of an endpoint with a status in a minute.</summary>
internal readonly record struct Cell(int Project, string Service, string Endpoint, int Status, long WindowUnix);

/// <summary>What Bayou has acknowledged.</summary>
internal sealed class Ledger
{
    private readonly Dictionary<Cell, long> _counts = [];
    private readonly Dictionary<(int Project, Feed Feed), HashSet<string>> _rows = [];
    private readonly List<TimeSpan> _waits = [];
    private readonly Lock _gate = new();
    private long _batches;
    private long _tries;
    private long _duplicates;

    public IReadOnlyDictionary<Cell, long> Counts => _counts;

    /// <summary>Log lines or captured requests of a project, each one of its kind.</summary>
    public IReadOnlyCollection<string> RowsOf(int project, Feed feed) => _rows.GetValueOrDefault((project, feed), []);

    /// <summary>From the first try of each batch until it was acknowledged.</summary>
    public IReadOnlyCollection<TimeSpan> Waits => _waits;

    public TimeSpan WaitAt(double quantile)
    {
        lock (_gate)
        {
            return _waits.Count == 0 ? TimeSpan.Zero : _waits.Order().ElementAt((int)Math.Ceiling(quantile * _waits.Count) - 1);
        }
    }

    public void Acknowledged(Batch batch, TimeSpan wait)
    {
        lock (_gate)
        {
            _batches++;
            _waits.Add(wait);
            var of = (batch.Project, batch.Feed);
            if (!_rows.TryGetValue(of, out var rows))
            {
                _rows[of] = rows = [];
            }

            rows.UnionWith(batch.Rows);
            foreach (var cell in batch.Cells)
            {
                _counts[cell] = _counts.GetValueOrDefault(cell) + 1;
            }
        }
    }

    public void Tried() => Interlocked.Increment(ref _tries);

    public void Duplicated() => Interlocked.Increment(ref _duplicates);

    /// <summary>Tries that were not taken.</summary>
    public long InVain => _tries - _batches - _duplicates;

    public override string ToString() =>
        $"{_counts.Values.Sum()} observations and {Count(Feed.Logs)} log lines and {Count(Feed.Replay)} captured requests "
            + $"and {Count(Feed.Traces)} spans in {_batches} batches acknowledged, {InVain} tries in vain, {_duplicates} duplicates sent on purpose";

    private int Count(Feed feed) => _rows.Where(of => of.Key.Feed == feed).Sum(of => of.Value.Count);
}
