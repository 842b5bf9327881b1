using Bayou.Metrics;

namespace Bayou.Windows;

/// <summary>The one place at which ingest calls window grains; what a cluster can do to such calls, tests do to these.</summary>
internal interface IWindowGrains
{
    /// <summary>See <see cref="IEndpointWindowGrain.ApplyAsync"/>.</summary>
    Task<long> ApplyAsync(WindowKey window, WindowDelta delta, CancellationToken ct);

    /// <summary>See <see cref="IBackfillGrain.ApplyAsync"/>.</summary>
    Task<long[]> ApplyAsync(BackfillKey hour, BackfillDelta[] deltas, CancellationToken ct);
}

internal sealed class WindowGrains(IGrainFactory grains) : IWindowGrains
{
    public Task<long> ApplyAsync(WindowKey window, WindowDelta delta, CancellationToken ct) =>
        grains.GetGrain<IEndpointWindowGrain>(window.ToString()).ApplyAsync(delta, ct);

    public Task<long[]> ApplyAsync(BackfillKey hour, BackfillDelta[] deltas, CancellationToken ct) =>
        grains.GetGrain<IBackfillGrain>(hour.ToString()).ApplyAsync(deltas, ct);
}
