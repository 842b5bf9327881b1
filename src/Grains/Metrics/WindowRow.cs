namespace Bayou.Metrics;

/// <summary>How far each ingest epoch's journal has been merged into a window.</summary>
internal sealed class AppliedEpochs
{
    private readonly SortedList<long, long> _seqs = new(2);

    public long this[long epoch]
    {
        get => _seqs.GetValueOrDefault(epoch);
        set => _seqs[epoch] = value;
    }

    /// <summary>As <c>metric_windows.applied</c> has it: epoch, seq, epoch, seq, …</summary>
    public static AppliedEpochs FromPairs(ReadOnlySpan<long> pairs)
    {
        var applied = new AppliedEpochs();
        for (var i = 0; i < pairs.Length; i += 2)
        {
            applied[pairs[i]] = pairs[i + 1];
        }

        return applied;
    }

    public long[] ToPairs() => [.. _seqs.SelectMany(pair => (long[])[pair.Key, pair.Value])];
}

/// <summary>A window as PostgreSQL has it.</summary>
/// <param name="Version">0 before the first flush.</param>
internal sealed record WindowRow(long Version, long[] Applied, byte[] Figures)
{
    public static WindowRow None { get; } = new(0, [], new WindowFigures().ToBytes());
}

/// <summary>A window on its way to PostgreSQL; <paramref name="Version"/> is the one it replaces.</summary>
internal sealed record WindowSnapshot(WindowKey Key, long Version, long[] Applied, WindowFigures Figures, byte[] Encoded);
