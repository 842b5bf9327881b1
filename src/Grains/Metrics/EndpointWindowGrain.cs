using Orleans.Configuration;
using Orleans.Placement;

namespace Bayou.Metrics;

/// <summary>Gathers one window; its row and the version of that are its state.</summary>
[CollectionAgeLimit(Minutes = 2)]
[PreferLocalPlacement] // Where its figures come from, and so in as many places as they come from.
internal sealed class EndpointWindowGrain : Grain, IEndpointWindowGrain
{
    private readonly WindowGroup _windows;
    private readonly WindowKey _key;

    public EndpointWindowGrain(WindowLoader loader, WindowFlusher flusher)
    {
        _windows = new(loader, flusher, DeactivateOnIdle);
        _key = WindowKey.Parse(this.GetPrimaryKeyString());
    }

    public Task<long> ApplyAsync(WindowDelta delta, CancellationToken ct) => _windows.ApplyAsync(_key, delta, ct);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _windows.EndAsync(cancellationToken);
}
