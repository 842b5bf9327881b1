using System.Diagnostics;

namespace Bayou.Torture;

/// <summary>Kills and freezes servers and their database at random moments, one thing or two at a time.</summary>
internal sealed class Chaos(Nodes nodes, string? crashDatabase, TimeSpan length, int seed)
{
    /// <summary>Beyond a node's lease: another adopts its journal, and it wakes up as a zombie.</summary>
    private static readonly TimeSpan Zombie = TimeSpan.FromSeconds(38);
    private readonly Random _random = new(seed);
    private int _kills;
    private int _freezes;
    private int _zombies;
    private int _crashes;

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

            var node = nodes[_random.Next(nodes.Count)];
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
                default:
                    await CrashDatabaseAsync(ct);
                    break;
            }
        }

        await nodes.StartAsync(ct);
    }

    public override string ToString() => $"{_kills} servers killed, {_freezes} frozen ({_zombies} beyond their lease), the database crashed {_crashes} times";

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
        if (crashDatabase is null)
        {
            return;
        }

        _crashes++;
        using var crash = Process.Start(new ProcessStartInfo("bash", ["-c", crashDatabase]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = crash.StandardOutput.ReadToEndAsync(ct);
        var errors = crash.StandardError.ReadToEndAsync(ct);
        await crash.WaitForExitAsync(ct);
        if (crash.ExitCode != 0)
        {
            throw new InvalidOperationException($"The database did not come back: {await output} {await errors}");
        }
    }
}
