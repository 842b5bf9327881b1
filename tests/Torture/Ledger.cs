namespace Bayou.Torture;

/// <summary>One thing that is counted: requests of an endpoint with a status in a minute.</summary>
internal readonly record struct Cell(string Service, string Endpoint, int Status, long WindowUnix);

/// <summary>What Bayou has acknowledged.</summary>
internal sealed class Ledger
{
    private readonly Dictionary<Cell, long> _counts = [];
    private readonly Lock _gate = new();
    private long _batches;
    private long _tries;
    private long _duplicates;

    public IReadOnlyDictionary<Cell, long> Counts => _counts;

    public void Acknowledged(IEnumerable<Cell> cells)
    {
        lock (_gate)
        {
            _batches++;
            foreach (var cell in cells)
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
        $"{_counts.Values.Sum()} observations in {_batches} batches acknowledged, {InVain} tries in vain, {_duplicates} duplicates sent on purpose";
}
