using Bayou.Metrics;
using Bayou.Windows;

namespace Bayou.Ingest;

/// <summary>A call on its way to a window's activation.</summary>
/// <param name="Activation">The key of the window, or of the hour.</param>
/// <param name="Attempt">How often the very same was sent before.</param>
internal readonly record struct BusCall(string Activation, int SeriesId, long StartUnix, long Epoch, long First, long Last, int Attempt);

/// <summary>
/// What grains are to ingest, without Orleans: activations by key, each a <see cref="WindowGroup"/> whose calls come one at a time. And what a
/// cluster that has lost sight of itself does to them: calls lost, late or in another order, activations doubled and killed.
/// </summary>
internal sealed class Bus(WindowLoader loader, WindowFlusher flusher) : IWindowGrains
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Activation> _directory = [];
    private readonly Dictionary<BusCall, int> _attempts = [];

    /// <summary>
    /// Decides each call: false loses it on the way; completing later makes it late, and in another order than sent reorders it; a failure is
    /// the call's. Null delivers all.
    /// </summary>
    public Func<BusCall, Task<bool>>? Decide { get; set; }

    /// <summary>Keys of the activations that the next calls find, in order.</summary>
    public IReadOnlyList<string> Active
    {
        get
        {
            lock (_gate)
            {
                return [.. _directory.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    public Task<long> ApplyAsync(WindowKey window, WindowDelta delta, CancellationToken ct) =>
        CallAsync(Number(new(window.ToString(), window.SeriesId, window.StartUnix, delta.Epoch, delta.First, delta.Last, 0)), windows =>
            windows.ApplyAsync(window, delta, ct));

    public Task<long[]> ApplyAsync(BackfillKey hour, BackfillDelta[] deltas, CancellationToken ct) =>
        CallAsync(Number(new($"hour {hour}", hour.SeriesId, hour.HourUnix, deltas[0].Delta.Epoch, deltas[0].Delta.First, deltas[^1].Delta.Last, 0)),
            windows => windows.ApplyAsync(hour, deltas, ct));

    /// <summary>Ends an activation as a crash would: what it has not written is gone.</summary>
    public void Kill(string key)
    {
        lock (_gate)
        {
            if (_directory.Remove(key, out var activation))
            {
                activation.IsOver = true;
            }
        }
    }

    /// <summary>Lets the next call make a second activation while the present one lives on, as after a split cluster.</summary>
    public void Duplicate(string key)
    {
        lock (_gate)
        {
            _directory.Remove(key);
        }
    }

    private BusCall Number(BusCall call)
    {
        lock (_gate)
        {
            var attempt = _attempts.GetValueOrDefault(call);
            _attempts[call] = attempt + 1;
            return call with { Attempt = attempt };
        }
    }

    private async Task<T> CallAsync<T>(BusCall call, Func<WindowGroup, Task<T>> body)
    {
        if (Decide is { } decide && !await decide(call))
        {
            return await new TaskCompletionSource<T>().Task; // Lost: nobody ever answers.
        }

        while (true)
        {
            var activation = Find(call.Activation);
            await activation.Turn.WaitAsync();
            try
            {
                if (!activation.IsOver)
                {
                    return await body(activation.Windows);
                }
            }
            finally
            {
                activation.Turn.Release();
            }
        }
    }

    private Activation Find(string key)
    {
        lock (_gate)
        {
            if (!_directory.TryGetValue(key, out var activation))
            {
                activation = new();
                activation.Windows = new(loader, flusher, () => _ = EndAsync(key, activation));
                _directory.Add(key, activation);
            }

            return activation;
        }
    }

    /// <summary>As a grain that is deactivated: after its present turn, and before the next call finds another.</summary>
    private async Task EndAsync(string key, Activation activation)
    {
        await activation.Turn.WaitAsync();
        try
        {
            if (activation.IsOver)
            {
                return;
            }

            await activation.Windows.EndAsync(CancellationToken.None);
        }
        finally
        {
            lock (_gate)
            {
                activation.IsOver = true;
                if (_directory.GetValueOrDefault(key) == activation)
                {
                    _directory.Remove(key);
                }
            }

            activation.Turn.Release();
        }
    }

    private sealed class Activation
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public WindowGroup Windows { get; set; } = null!; // by whoever made this

        public volatile bool IsOver;
    }
}
