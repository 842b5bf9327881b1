using Orleans.Configuration;
using Orleans.Placement;

namespace Bayou.Metrics;

/// <summary>
/// Gathers the windows of an hour that is long over: one activation and one load for all of them. The version check of the flush arbitrates
/// between it and any <see cref="EndpointWindowGrain"/> of the same window.
/// </summary>
[CollectionAgeLimit(Minutes = 2)]
[PreferLocalPlacement] // Where its figures come from, and so in as many places as they come from.
internal sealed class BackfillGrain : Grain, IBackfillGrain
{
    private readonly WindowGroup _windows;
    private readonly BackfillKey _key;

    public BackfillGrain(WindowLoader loader, WindowFlusher flusher)
    {
        // Every window here is over, so the first flush asks for its end.
        _windows = new(loader, flusher, DeactivateOnIdle);
        _key = BackfillKey.Parse(this.GetPrimaryKeyString());
    }

    public Task<long[]> ApplyAsync(BackfillDelta[] deltas, CancellationToken ct) => _windows.ApplyAsync(_key, deltas, ct);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _windows.EndAsync(cancellationToken);
}
