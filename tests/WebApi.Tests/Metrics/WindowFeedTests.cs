using System.Globalization;

namespace Bayou.Metrics;

public sealed class WindowFeedTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private BayouServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        // Room for some twenty windows, so that slow pollers fall behind what is in memory.
        _database = await TestDatabase.CreateAsync();
        _server = await BayouServer.StartAsync(_database, ("Bayou:Feed:MaxBytes", "20000"));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Pollers_quick_and_slow_end_with_the_newest_revision_of_every_window_of_many_writers()
    {
        const int Writers = 6, Rounds = 12, Routes = 10;
        var time = BayouServer.RecentMinute;
        var services = Enumerable.Range(0, Writers).Select(_ => BayouServer.NewService()).ToArray();
        var writing = Task.WhenAll(services.Select(async service =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                await _server.SendAsync(Enumerable.Range(0, Routes).Select(i => BayouServer.Observation(service, time, $"/{i}")));
                await Task.Delay(100, BayouServer.Ct); // So that windows are written many times.
            }
        }));
        int[] pauses = [0, 30, 400, 3_000];
        var pollers = pauses.Select(async pause =>
        {
            var seen = new Dictionary<(string Service, string Endpoint, string Start), long>();
            var cursor = 0L;
            bool isOver;
            do
            {
                isOver = writing.IsCompletedSuccessfully && await IsCountedAsync(services, Rounds * Routes);
                cursor = await PollAsync(cursor, seen, limit: pause == 0 ? 7 : 1_000);
                await Task.Delay(isOver ? 0 : pause, BayouServer.Ct);
            }
            while (!isOver);
            while (await PollAsync(cursor, seen, 7) is var last && last != cursor)
            {
                cursor = last;
            }

            return seen;
        }).ToList();
        await writing;
        foreach (var all in await Task.WhenAll(pollers))
        {
            var seen = all.Where(window => services.Contains(window.Key.Service)).ToDictionary(); // Bayou watches itself, too.
            Assert.Equal(Writers * Routes, seen.Count);
            Assert.All(seen.Values, traffic => Assert.Equal(Rounds, traffic));
        }
    }

    [Fact]
    public async Task Many_polls_at_once_are_few_queries_and_none_where_nobody_asks()
    {
        var service = BayouServer.NewService();
        await _server.SendAsync(new[] { BayouServer.Observation(service, BayouServer.RecentMinute) });
        await _server.CountedAsync(service, 1);
        var feed = _server.Get<WindowMemory>();
        Assert.Equal(0, feed.Reads);
        var polls = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => _server.DataAsync($"/metrics?id__gt=0&service={service}")));
        Assert.All(polls, rows => Assert.Equal(1, (int)rows.AsArray().Single()!["traffic_count"]!));
        Assert.InRange(feed.Reads, 1, 100);
    }

    [Fact]
    public async Task Rows_from_memory_are_those_of_the_database_whatever_the_filter()
    {
        var (one, two) = (BayouServer.NewService(), BayouServer.NewService());
        var time = BayouServer.RecentMinute;
        await _server.SendAsync(
            new[] { BayouServer.Observation(one, time, "/a"), BayouServer.Observation(one, time.AddMinutes(-1), "/b", 500),
            BayouServer.Observation(two, time, "/a") });
        await _server.CountedAsync(one, 2);
        await _server.CountedAsync(two, 1);
        FormattableString[] filters =
        [
            $"service={one}", $"service__in={one},{two}", $"service={one}&endpoint=*", $"service={two}&endpoint__in=*,GET%20/a", $"endpoint__eq=GET%20/a",
            $"service={one}&start_date={time.ToUnixTimeMilliseconds()}", $"service={one}&end_date={time.ToUnixTimeMilliseconds()}",
            $"service={one}&service__eq={two}", $"limit=2",
        ];
        foreach (var filter in filters)
        {
            var query = new AlreadyEscaped(filter.ToString(CultureInfo.InvariantCulture));
            var memory = await _server.GetAsync($"/metrics?id__gt=0&{query}");
            var database = await _server.GetAsync($"/metrics?id__gt=0&{query}&traffic_count__gt=0"); // Which only SQL can tell.
            Assert.Equal(database.Body.ToJsonString(), memory.Body.ToJsonString());
        }
    }

    [Fact]
    public async Task A_cursor_from_before_a_restore_is_told_to_begin_again()
    {
        var service = BayouServer.NewService();
        await _server.SendAsync(new[] { BayouServer.Observation(service, BayouServer.RecentMinute) });
        await _server.CountedAsync(service, 1);
        var (_, ahead) = await _server.GetAsync($"/metrics?id__gt={1_000_000}");
        Assert.True((bool)ahead["metadata"]!["reset"]!);
        var newest = (long)ahead["metadata"]!["last_id"]!;
        Assert.Empty((await _server.DataAsync($"/metrics?id__gt={newest}")).AsArray());

        // The whole database goes back: what was in memory is of no use any more.
        await using (var restore = _server.Db.CreateCommand("TRUNCATE metric_windows; SELECT setval('metric_windows_id_seq', 1)"))
        {
            await restore.ExecuteNonQueryAsync(BayouServer.Ct);
        }

        var (_, restored) = await _server.GetAsync($"/metrics?id__gt={newest}&service={service}");
        Assert.True((bool)restored["metadata"]!["reset"]!);
        Assert.Empty((await _server.DataAsync($"/metrics?id__gt=0&service={service}")).AsArray());
    }

    private async Task<bool> IsCountedAsync(string[] services, int requests)
    {
        foreach (var service in services)
        {
            await _server.CountedAsync(service, requests);
        }

        return true;
    }

    private async Task<long> PollAsync(long cursor, Dictionary<(string Service, string Endpoint, string Start), long> seen, int limit)
    {
        var (_, body) = await _server.GetAsync($"/metrics?id__gt={cursor}&limit={limit}");
        var before = cursor;
        foreach (var row in body["data"]!.AsArray())
        {
            Assert.True((long)row!["id"]! > before, "ids ascend");
            before = (long)row["id"]!;
            seen[((string)row["service"]!, (string)row["endpoint"]!, (string)row["window_start"]!)] = (long)row["traffic_count"]!;
        }

        return (long)body["metadata"]!["last_id"]!;
    }
}
