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

/// <summary>A window on its way to PostgreSQL, as its columns have it.</summary>
/// <param name="Version">The one it replaces.</param>
/// <param name="Applied">As PostgreSQL writes an array: <c>{epoch,seq,…}</c>.</param>
/// <param name="P50">Milliseconds, as are the others.</param>
internal sealed record WindowSnapshot(
    WindowKey Key, long Version, string Applied, byte[] Figures, long RequestSize, long ResponseSize, long DurationSum, long DurationMax,
    int TrafficCount, int Status1xx, int Status2xx, int Status3xx, int Status4xx, int Status5xx, float P50, float P95, float P99)
{
    public static WindowSnapshot Of(WindowKey key, long version, AppliedEpochs applied, WindowFigures figures) => new(
        key, version, $"{{{string.Join(',', applied.ToPairs())}}}", figures.ToBytes(),
        figures.RequestBytes, figures.ResponseBytes, figures.DurationSumMicros, figures.DurationMaxMicros, checked((int)figures.Count),
        Class(figures, 1), Class(figures, 2), Class(figures, 3), Class(figures, 4), Class(figures, 5),
        Milliseconds(figures, 0.50), Milliseconds(figures, 0.95), Milliseconds(figures, 0.99));

    private static int Class(WindowFigures figures, int statusClass) => checked((int)figures.CountOfClass(statusClass));

    private static float Milliseconds(WindowFigures figures, double quantile) => (float)(figures.Quantile(quantile) / 1000);
}
