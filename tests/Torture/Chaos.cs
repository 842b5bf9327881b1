using Bayou.Database;
using Npgsql;

namespace Bayou.Torture;

/// <summary>Kills and freezes servers and their database at random moments, one thing or two at a time.</summary>
internal sealed class Chaos(Nodes nodes, PrivatePostgres database, TimeSpan length, int seed) : ITrial
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
                case < 0.92 when database.Disk is { } disk:
                    _fulls++;
                    await FillAsync(disk, TimeSpan.FromSeconds(_random.Next(1, 5)), ct);
                    break;
                default:
                    await CrashDatabaseAsync(ct);
                    break;
            }
        }

        await nodes.StartAsync(ct);
    }

    public override string ToString() =>
        $"{_kills} servers killed, {_freezes} frozen ({_zombies} beyond their lease), the database crashed {_crashes} times, its disk full {_fulls} times, "
            + $"{nodes.Ended} ended by themselves";

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

    private Task CrashDatabaseAsync(CancellationToken ct)
    {
        _crashes++;
        return database.CrashAsync(ct);
    }

    /// <summary>Lets nothing be written for a while; where the server has given up meanwhile, it is started again.</summary>
    private async Task FillAsync(string disk, TimeSpan length, CancellationToken ct)
    {
        var ballast = Path.Combine(disk, "ballast");
        try
        {
            await using (var file = new FileStream(ballast, FileMode.Create, FileAccess.Write, FileShare.None, 0))
            {
                var block = new byte[64 * 1024];
                try
                {
                    while (true)
                    {
                        await file.WriteAsync(block, ct);
                    }
                }
                catch (IOException)
                {
                    // Full.
                }
            }

            await Task.Delay(length, ct);
        }
        finally
        {
            File.Delete(ballast);
        }

        await using var source = NpgsqlDataSource.Create(new DatabaseOptions { Url = database.Url }.ConnectionString());
        while (!await AnswersAsync(source, ct))
        {
            await database.RestartAsync(ct);
        }
    }

    private static async Task<bool> AnswersAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            return true;
        }
        catch (NpgsqlException)
        {
            await Task.Delay(200, ct); // It may still be on its way down, or up.
            return false;
        }
    }
}
