using Orleans.Configuration;
using Orleans.Placement;

namespace Bayou.Metrics;

/// <summary>
/// Gathers the windows of an hour that is long over: one activation and one load for all of them, and the same flusher. The
/// version check of the flush arbitrates between it and any <see cref="EndpointWindowGrain"/> of the same window.
/// </summary>
[CollectionAgeLimit(Minutes = 2)]
[PreferLocalPlacement] // Where its figures come from, and so in as many places as they come from.
internal sealed class BackfillGrain(WindowLoader loader, WindowFlusher flusher) : Grain, IBackfillGrain
{
    private readonly Dictionary<long, WindowState> _windows = [];

    public async Task<long[]> ApplyAsync(BackfillDelta[] deltas, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(deltas);
        var key = BackfillKey.Parse(this.GetPrimaryKeyString());
        if (Array.Find(deltas, delta => !key.Holds(delta.StartUnix)) is { } stray)
        {
            throw new ArgumentException($"The window {stray.StartUnix} is not of the hour {key}.", nameof(deltas));
        }

        await LoadAsync([.. deltas.Select(delta => new WindowKey(key.SeriesId, delta.StartUnix)).Where(window => !_windows.ContainsKey(window.StartUnix)).Distinct()], ct);
        return [.. deltas.Select(Apply)];
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _windows.Values.Any(window => window.IsDirty) ? flusher.FlushAsync(cancellationToken) : Task.CompletedTask;

    private long Apply(BackfillDelta delta)
    {
        var window = _windows[delta.StartUnix];
        var applied = window.Apply(delta.Delta);
        if (applied == WindowDelta.Discarded)
        {
            _windows.Remove(delta.StartUnix); // Loaded anew by the next call.
        }
        else if (window.IsDirty)
        {
            // Every window here is over, so the first flush releases them all.
            flusher.Enlist(window, DeactivateOnIdle);
        }

        return applied;
    }

    private async Task LoadAsync(IReadOnlyList<WindowKey> keys, CancellationToken ct)
    {
        if (keys.Count == 0)
        {
            return;
        }

        var rows = await loader.LoadAsync(keys, ct);
        foreach (var key in keys)
        {
            _windows[key.StartUnix] = new WindowState(key, rows.GetValueOrDefault(key, WindowRow.None));
        }
    }
}
