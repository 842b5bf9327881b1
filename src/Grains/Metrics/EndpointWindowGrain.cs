using Orleans.Configuration;
using Orleans.Placement;

namespace Bayou.Metrics;

/// <summary>
/// Gathers one window in memory; the row and its version are its state. It never relies on being the only
/// activation of its key: the version check of the flush decides whose figures stand.
/// </summary>
[CollectionAgeLimit(Minutes = 2)]
[PreferLocalPlacement] // Where its figures come from, and so in as many places as they come from.
internal sealed class EndpointWindowGrain(WindowLoader loader, WindowFlusher flusher) : Grain, IEndpointWindowGrain
{
    private WindowState _window = null!; // set by OnActivateAsync, before any call

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = WindowKey.Parse(this.GetPrimaryKeyString());
        _window = new WindowState(key, await loader.LoadAsync(key, cancellationToken));
    }

    public Task<long> ApplyAsync(WindowDelta delta, CancellationToken ct)
    {
        var applied = _window.Apply(delta);
        if (applied == WindowDelta.Discarded)
        {
            DeactivateOnIdle();
        }
        else if (_window.IsDirty)
        {
            flusher.Enlist(_window, DeactivateOnIdle);
        }

        return Task.FromResult(applied);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _window.IsDirty ? flusher.FlushAsync(cancellationToken) : Task.CompletedTask;
}
