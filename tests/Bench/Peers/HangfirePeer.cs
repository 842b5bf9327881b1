using System.Collections.Concurrent;
using System.Diagnostics;
using Hangfire;
using Hangfire.Logging;
using Hangfire.PostgreSql;

namespace Bayou.Bench;

/// <summary>Hangfire on the same PostgreSQL, doing nothing.</summary>
internal static class HangfirePeer
{
    private const int Warm = 100;
    private const int Singles = 200;
    private static readonly ConcurrentDictionary<string, long> Waiting = new();
    private static readonly ConcurrentBag<TimeSpan> Latencies = [];
    private static int _done;

    /// <summary>What its jobs do.</summary>
    public static void Run(string key)
    {
        if (Waiting.TryGetValue(key, out var asked))
        {
            Latencies.Add(Stopwatch.GetElapsedTime(asked));
        }

        Interlocked.Increment(ref _done);
    }

    /// <returns>Jobs enqueued and done a second, and how soon one begins.</returns>
    public static async Task<PeerFigures> RunAsync(string connection, int count)
    {
        LogProvider.SetCurrentLogProvider(null);
        GlobalConfiguration.Configuration.UsePostgreSqlStorage(options => options.UseNpgsqlConnection(connection), new PostgreSqlStorageOptions
        {
            QueuePollInterval = TimeSpan.FromMilliseconds(50), EnableLongPolling = true,
        });
        var storage = JobStorage.Current;
        var client = new BackgroundJobClient(storage);
        var clock = Stopwatch.StartNew();
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => client.Enqueue(() => Run("")));
        var enqueued = count / clock.Elapsed.TotalSeconds;
        using var server = new BackgroundJobServer(new() { WorkerCount = 16 }, storage);
        await DoneAsync(Warm);
        var (begun, from) = (_done, Stopwatch.GetTimestamp());
        await DoneAsync(count);
        var rate = (count - begun) / Stopwatch.GetElapsedTime(from).TotalSeconds;
        for (var i = 0; i < Singles; i++)
        {
            var key = $"{i}";
            Waiting[key] = Stopwatch.GetTimestamp();
            client.Enqueue(() => Run(key));
            await Task.Delay(Random.Shared.Next(5, 25));
        }

        await DoneAsync(count + Singles);
        var sorted = Latencies.Order().ToList();
        return new($"Hangfire {typeof(BackgroundJob).Assembly.GetName().Version!.ToString(3)}", enqueued, rate, At(0.5), At(0.99));

        double At(double quantile) => sorted[(int)Math.Ceiling(quantile * sorted.Count) - 1].TotalMilliseconds;
    }

    private static async Task DoneAsync(int least)
    {
        while (_done < least)
        {
            await Task.Delay(10);
        }
    }
}

/// <summary>Jobs a second, milliseconds.</summary>
internal sealed record PeerFigures(string Name, double Enqueued, double Done, double P50, double P99);
