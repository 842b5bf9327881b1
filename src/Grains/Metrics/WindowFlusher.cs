using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>
/// Writes all dirty windows of this silo in one statement every <see cref="MetricsOptions.FlushSeconds"/>.
/// A window that was not surely written is void: its activation goes, and ingest sends again.
/// </summary>
internal sealed partial class WindowFlusher(
    WindowWriter writer,
    WindowPartitions partitions,
    RowHints hints,
    IOptions<MetricsOptions> options,
    TimeProvider time,
    ILogger<WindowFlusher> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<WindowState, Action> _dirty = new();
    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <summary>Has the window written at the next flush.</summary>
    /// <param name="release">Called when the activation should go: its window is over, or void.</param>
    public void Enlist(WindowState window, Action release) => _dirty[window] = release;

    /// <summary>Writes every window that is dirty now.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        await _oneAtATime.WaitAsync(ct);
        try
        {
            // Two activations of one window cannot go in one statement: the second waits for the next.
            foreach (var chunk in _dirty.Keys.DistinctBy(window => window.Key).Chunk(options.Value.FlushBatch))
            {
                await FlushAsync(chunk, ct);
            }
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public override void Dispose()
    {
        _oneAtATime.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.FlushSeconds), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await FlushAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The grains, which stop after this, have their windows written as they deactivate.
            Stopped();
        }
    }

    private async Task FlushAsync(WindowState[] windows, CancellationToken ct)
    {
        var taken = new List<(WindowState Window, Action Release, WindowSnapshot? Snapshot)>(windows.Length);
        foreach (var window in windows)
        {
            // Off the list before the snapshot: what is merged after it enlists the window again.
            if (_dirty.TryRemove(window, out var release))
            {
                taken.Add((window, release, Snapshot(window)));
            }
        }

        var snapshots = taken.Where(t => t.Snapshot is not null).Select(t => t.Snapshot!).ToList();
        var written = snapshots.Count == 0 ? [] : await WriteAsync(snapshots, ct);
        foreach (var (window, _, snapshot) in taken.Where(t => t.Snapshot is not null))
        {
            if (written.Contains(snapshot!.Key))
            {
                window.Written();
            }
            else
            {
                window.Discard();
            }
        }

        foreach (var (window, release, _) in taken)
        {
            if (window.IsVoid || (!window.IsDirty && window.Key.End + options.Value.LateGrace < time.GetUtcNow()))
            {
                Release(window.Key, release);
            }
        }
    }

    /// <returns>Null when there is nothing to write, or when the window cannot be written at all: then it is void.</returns>
    private WindowSnapshot? Snapshot(WindowState window)
    {
        try
        {
            return window.TakeSnapshot();
        }
        catch (Exception e)
        {
            window.Discard();
            Failed(1, e);
            return null;
        }
    }

    private void Release(WindowKey key, Action release)
    {
        try
        {
            release();
        }
        catch (Exception e)
        {
            NotReleased(key, e); // It goes by itself, when it has been idle.
        }
    }

    /// <returns>Those that were surely written: none when anything at all went wrong.</returns>
    private async Task<HashSet<WindowKey>> WriteAsync(List<WindowSnapshot> windows, CancellationToken ct)
    {
        try
        {
            var written = await writer.WriteAsync(windows, ct);
            hints.Written();
            return written;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.CheckViolation)
        {
            Failed(windows.Count, e); // A day without a partition; with it, the next try goes through.
            await EnsurePartitionsAsync(windows, ct);
        }
        catch (Exception e)
        {
            Failed(windows.Count, e);
        }

        return [];
    }

    private async Task EnsurePartitionsAsync(List<WindowSnapshot> windows, CancellationToken ct)
    {
        try
        {
            await partitions.EnsureAsync(Resolution.Minute, windows.Select(w => w.Key.Start), ct);
        }
        catch (Exception e)
        {
            Failed(windows.Count, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{count} windows were not surely written; ingest sends them again")]
    private partial void Failed(int count, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The grain of window {window} could not be told to go")]
    private partial void NotReleased(WindowKey window, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The window flusher has stopped")]
    private partial void Stopped();
}
