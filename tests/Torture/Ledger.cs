namespace Bayou.Torture;

/// <summary>One thing that is counted: requests of an endpoint with a status in a minute.</summary>
internal readonly record struct Cell(string Service, string Endpoint, int Status, long WindowUnix);

/// <summary>What Bayou has acknowledged.</summary>
internal sealed class Ledger
{
    private readonly Dictionary<Cell, long> _counts = [];
    private readonly HashSet<string> _lines = [];
    private readonly List<TimeSpan> _waits = [];
    private readonly Lock _gate = new();
    private long _batches;
    private long _tries;
    private long _duplicates;

    public IReadOnlyDictionary<Cell, long> Counts => _counts;

    /// <summary>Log lines, each one of its kind.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

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
            _lines.UnionWith(batch.Lines);
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
        $"{_counts.Values.Sum()} observations and {_lines.Count} log lines in {_batches} batches acknowledged, {InVain} tries in vain, {_duplicates} "
            + $"duplicates sent on purpose";
}
