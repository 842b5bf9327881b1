using System.Diagnostics;

namespace Bayou.Torture;

/// <summary>Kills and freezes servers and their database at random moments, one thing or two at a time.</summary>
internal sealed class Chaos(Nodes nodes, string? crashDatabase, string? fillDisk, TimeSpan length, int seed) : ITrial
{
    /// <summary>Beyond a node's lease: another adopts its journal, and it wakes up as a zombie.</summary>
    private static readonly TimeSpan Zombie = TimeSpan.FromSeconds(38);
    private readonly Random _random = new(seed);
    private int _kills;
    private int _freezes;
    private int _zombies;
    private int _crashes;
    private int _fulls;

    public IReadOnlyList<string> Failures => [];

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(_random.Next(300, 3_000), stop);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            var node = nodes.All[_random.Next(nodes.All.Count)];
            switch (_random.NextDouble())
            {
                case < 0.45:
                    _kills++;
                    await node.KillAsync();
                    await node.StartAsync(nodes.Http, ct);
                    break;
                case < 0.8:
                    _freezes++;
                    node.Signal("STOP");
                    await Task.Delay(FreezeFor(), ct);
                    if (_random.NextDouble() < 0.3)
                    {
                        await CrashDatabaseAsync(ct); // While one sleeps.
                    }

                    node.Signal("CONT");
                    break;
                case < 0.92 when fillDisk is not null:
                    _fulls++;
                    await RunAsync($"{fillDisk} {_random.Next(1, 5)}", ct);
                    break;
                default:
                    await CrashDatabaseAsync(ct);
                    break;
            }
        }

        await nodes.StartAsync(ct);
    }

    public override string ToString() => $"{_kills} servers killed, {_freezes} frozen ({_zombies} beyond their lease), the database crashed {_crashes} times, its disk full {_fulls} times, {nodes.Ended} ended by themselves";

    private TimeSpan FreezeFor()
    {
        // A short run has no time for it.
        if (length < 3 * Zombie || _random.NextDouble() > 0.2)
        {
            return TimeSpan.FromMilliseconds(_random.Next(200, 6_000));
        }

        _zombies++;
        return Zombie;
    }

    private async Task CrashDatabaseAsync(CancellationToken ct)
    {
        if (crashDatabase is not null)
        {
            _crashes++;
            await RunAsync(crashDatabase, ct);
        }
    }

    private static async Task RunAsync(string script, CancellationToken ct)
    {
        using var run = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = run.StandardOutput.ReadToEndAsync(ct);
        var errors = run.StandardError.ReadToEndAsync(ct);
        await run.WaitForExitAsync(ct);
        if (run.ExitCode != 0)
        {
            throw new InvalidOperationException($"The database did not come back: {await output} {await errors}");
        }
    }
}
