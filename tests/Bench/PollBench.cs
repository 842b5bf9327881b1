using System.Diagnostics;
using System.Text.Json;

namespace Bayou.Bench;

/// <summary>Open dashboards: each polls every two seconds for what has changed, while requests come in.</summary>
internal sealed class PollBench(Server server, BenchDatabase database, Table table)
{
    private const int PerSecond = 20_000;
    private const int Beats = 10; // bodies a second
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    public async Task RunAsync()
    {
        var one = await MeasureAsync(pollers: 1, TimeSpan.FromSeconds(20));
        var many = await MeasureAsync(pollers: 1_000, TimeSpan.FromSeconds(60));
        table.Add($"1,000 pollers, {PerSecond:#,0} events/s coming in: p99 of a poll", $"{many.P99:0.0} ms", $"{one.P99:0.0} ms for 1 poller", "≤ 50 ms");
        table.Add("the same: cores of the server", $"{many.Cores:0.00}", $"{one.Cores:0.00} for 1 poller", "≤ 0.5 more");
        table.Add("the same: transactions/s in the database", $"{many.Transactions:0}", $"{one.Transactions:0} for 1 poller", "flat");
    }

    private async Task<(double P99, double Cores, double Transactions)> MeasureAsync(int pollers, TimeSpan length)
    {
        using var stop = new CancellationTokenSource();
        var load = LoadAsync(stop.Token);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = pollers });
        var before = await NewestAsync();
        long begin;
        while ((begin = await NewestAsync()) == before)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50)); // until the first of the load is there
        }

        var times = new List<double>();
        var (cpu, transactions, clock) = (server.CpuSeconds, await TransactionsAsync(), Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, pollers).Select(async i =>
        {
            await Task.Delay(Period * i / pollers);
            var (cursor, isFirst) = (begin, true);
            using var timer = new PeriodicTimer(Period);
            while (clock.Elapsed < length)
            {
                var asked = Stopwatch.GetTimestamp();
                var body = await http.GetByteArrayAsync(new Uri(server.Url, $"/metrics?id__gt={cursor}&service=live&endpoint=*&limit=1000"));
                var took = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
                cursor = LastId(body);
                lock (times)
                {
                    times.AddRange(isFirst ? [] : [took]);
                }

                isFirst = false; // It made the connection, too.
                await timer.WaitForNextTickAsync();
            }
        }));
        var seconds = clock.Elapsed.TotalSeconds;
        var measured = (Percentile.Of(times, 0.99), (server.CpuSeconds - cpu) / seconds, (await TransactionsAsync() - transactions) / seconds);
        await stop.CancelAsync();
        await load;
        return measured;

        async Task<long> NewestAsync() => LastId(await http.GetByteArrayAsync(new Uri(server.Url, "/metrics?limit=1"))); // As a page does when it opens.
    }

    private async Task LoadAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / Beats));
        while (!stop.IsCancellationRequested)
        {
            var body = new EventSource(span: TimeSpan.FromSeconds(1)).Bodies("live", PerSecond / Beats, PerSecond / Beats).Single();
            await server.SendAsync(body);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private Task<double> TransactionsAsync() =>
        database.ScalarAsync("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()");

    private static long LastId(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("metadata").GetProperty("last_id").GetInt64();
    }
}
