namespace Bayou.Metrics;

/// <summary>
/// The windows that one activation gathers, each loaded when it is first asked for. It knows nothing of grains: whoever has it calls it one
/// call at a time, as the turns of a grain are. It never relies on being the only one to have a window: the version check of the flush
/// decides whose figures stand.
/// </summary>
/// <param name="release">Asks for the end of the activation: what it has is over and written, or void.</param>
internal sealed class WindowGroup(WindowLoader loader, WindowFlusher flusher, Action release)
{
    private readonly Dictionary<WindowKey, WindowState> _windows = new(1);

    /// <summary>See <see cref="IEndpointWindowGrain.ApplyAsync"/>.</summary>
    public async Task<long> ApplyAsync(WindowKey key, WindowDelta delta, CancellationToken ct)
    {
        if (!_windows.ContainsKey(key))
        {
            await LoadAsync([key], ct);
        }

        return Apply(key, delta);
    }

    /// <summary>See <see cref="IBackfillGrain.ApplyAsync"/>.</summary>
    /// <exception cref="ArgumentException">A window is not of the hour; nothing was merged.</exception>
    public async Task<long[]> ApplyAsync(BackfillKey hour, BackfillDelta[] deltas, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(deltas);
        if (Array.Find(deltas, delta => !hour.Holds(delta.StartUnix)) is { } stray)
        {
            throw new ArgumentException($"The window {stray.StartUnix} is not of the hour {hour}.", nameof(deltas));
        }

        var keys = Array.ConvertAll(deltas, delta => new WindowKey(hour.SeriesId, delta.StartUnix));
        await LoadAsync([.. keys.Where(key => !_windows.ContainsKey(key)).Distinct()], ct);
        return [.. keys.Zip(deltas, (key, delta) => Apply(key, delta.Delta))];
    }

    /// <summary>Has what is not written yet written: the activation ends.</summary>
    public Task EndAsync(CancellationToken ct) => _windows.Values.Any(window => window.IsDirty) ? flusher.FlushAsync(ct) : Task.CompletedTask;

    private long Apply(WindowKey key, WindowDelta delta)
    {
        var window = _windows[key];
        var applied = window.Apply(delta);
        if (applied == WindowDelta.Discarded)
        {
            _windows.Remove(key); // Loaded anew by the next call.
        }
        else if (window.IsDirty)
        {
            flusher.Enlist(window, release);
        }

        return applied;
    }

    private async Task LoadAsync(List<WindowKey> keys, CancellationToken ct)
    {
        if (keys.Count == 0)
        {
            return;
        }

        var rows = await loader.LoadAsync(keys, ct);
        foreach (var key in keys)
        {
            _windows[key] = new WindowState(key, rows.GetValueOrDefault(key, WindowRow.None));
        }
    }
}
