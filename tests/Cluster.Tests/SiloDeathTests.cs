using Bayou.Metrics;
using Bayou.Schedules;
using Orleans.TestingHost;

namespace Bayou.Cluster;

public sealed class SiloDeathTests
{
    private const int Windows = 60;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_silo_held_of_its_windows_is_sent_again_and_counts_once()
    {
        await using var pair = await SiloPair.StartAsync();
        var series = await pair.ScalarAsync<int>("INSERT INTO series (project_id, service, endpoint) VALUES (1, 's', 'GET /') RETURNING id");
        var start = WindowKey.StartOf(DateTimeOffset.UtcNow.AddMinutes(-Windows));
        var keys = Enumerable.Range(0, Windows).Select(i => new WindowKey(series, start + (i * WindowKey.Seconds))).ToList();

        await ApplyAsync(seq: 1, previous: 0); // Durable everywhere,
        await pair.FlushAsync();
        await ApplyAsync(seq: 2, previous: 0); // and this is in memory alone.
        await pair.KillAsync(pair.Silos[0]);
        await ApplyAsync(seq: 2, previous: 0); // The journal still has it: it is sent again to whoever has the window now.
        await ApplyAsync(seq: 3, previous: 2);
        await pair.FlushAsync();
        Assert.Equal(Windows, await pair.ScalarAsync<long>("SELECT count(*) FROM metric_windows WHERE traffic_count = 3"));
        Assert.Equal(3 * Windows, await pair.ScalarAsync<long>("SELECT sum(traffic_count)::bigint FROM metric_windows"));

        async Task ApplyAsync(long seq, long previous)
        {
            var figures = new WindowFigures();
            figures.Add(200, 1_000, 1, 1);
            foreach (var key in keys)
            {
                Assert.Equal(seq, await UntilAnsweredAsync(key, new(7, previous, seq, seq, figures.ToBytes())));
            }
        }

        // On its way from one silo to the other, nobody answers for it.
        Task<long> UntilAnsweredAsync(WindowKey key, WindowDelta delta) => Eventually.AnswersAsync(
            () => pair.Grains.GetGrain<IEndpointWindowGrain>(key.ToString()).ApplyAsync(delta, Ct), e =>
                e is OrleansException or TimeoutException, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task A_reminder_runs_on_one_silo_and_goes_on_when_that_dies()
    {
        await using var pair = await SiloPair.StartAsync();
        await pair.Grains.GetGrain<ISchedulerGrain>("0").ChangedAsync();
        await pair.ExecuteAsync("UPDATE reminders SET start_time = now(), period = 1000, version = version + 1"); // A minute is long for a test.
        var first = await RunAfterAsync(0);
        await pair.KillAsync(Named(first.Node));
        var second = await RunAfterAsync(first.Runs + 1);
        Assert.NotEqual(first.Node, second.Node);

        InProcessSiloHandle Named(string node) => Assert.Single(pair.Silos, silo => pair.Of<NodeIdentity>(silo).Name == node);

        Task<(string Node, long Runs)> RunAfterAsync(long runs) => Eventually.SeesAsync(
            async () =>
            {
                await using var command = pair.Db.CreateCommand("SELECT node, runs FROM reminder_runs WHERE name = 'schedules'");
                await using var reader = await command.ExecuteReaderAsync(Ct);
                return await reader.ReadAsync(Ct) ? (reader.GetString(0), reader.GetInt64(1)) : ("nobody", 0);
            },
            seen => seen.Item2 > runs, TimeSpan.FromMinutes(2));
    }
}
