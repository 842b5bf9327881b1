namespace Bayou.Metrics;

/// <summary><c>GET /metrics/top</c>: what is shown, and what is read for it.</summary>
public sealed class TopTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static readonly DateTimeOffset Now = BayouServer.RecentMinute;

    [Theory]
    [InlineData("by=traffic")]
    [InlineData("by=errors")]
    [InlineData("by=p95")]
    [InlineData("by=time")]
    [InlineData("by=traffic&points=3")]
    [InlineData("by=p95&status=2xx")]
    public async Task The_first_places_are_the_same_however_many_are_shown(string question)
    {
        var service = BayouServer.NewService();
        var random = new Random(11);
        var items = Enumerable.Range(0, 300).Select(i => BayouServer.Observation(
            service, Now.AddMinutes(-random.Next(60)), $"/{Math.Sqrt(i):0}", i % 4 == 0 ? 500 : 200, 1 + random.Next(900))).ToList();
        await server.SendAsync(items);
        await CountedAsync(service, items.Count);

        var range = $"service={service}&start_date={Now.AddMinutes(-29).ToUnixTimeMilliseconds()}&end_date={Now.AddMinutes(1).ToUnixTimeMilliseconds()}";
        var all = (await server.DataAsync($"/metrics/top?{new AlreadyEscaped(question)}&{new AlreadyEscaped(range)}&limit=100")).AsArray();
        var few = (await server.DataAsync($"/metrics/top?{new AlreadyEscaped(question)}&{new AlreadyEscaped(range)}&limit=3")).AsArray();
        Assert.InRange(all.Count, 10, 18);
        Assert.Equal(all.Take(3).Select(entry => entry!.ToJsonString()), few.Select(entry => entry!.ToJsonString()));
        Assert.All(few, entry => Assert.True((double)entry!["previous"]! > 0));
    }

    [Fact]
    public async Task Of_another_service_nothing_is_counted_however_small_it_is_beside_what_is_asked_for()
    {
        // Most of all series are asked for, whatever the other tests have made, so those of the other service are read as well.
        const int Routes = 800;
        var (large, small) = (BayouServer.NewService(), BayouServer.NewService());
        var items = Enumerable.Range(0, 2 * Routes).Select(i => BayouServer.Observation(large, Now, $"/{i % Routes}/of", 200, 5)).ToList();
        await server.SendAsync(items);
        await server.SendAsync(Enumerable.Range(0, 50).Select(_ => BayouServer.Observation(small, Now, "/1/of", 500, 9_000)));
        await CountedAsync(large, items.Count);
        await CountedAsync(small, 50);

        foreach (var question in (string[])["by=traffic", "by=p95", "by=errors", "by=time&limit=1000"])
        {
            var entries = (await server.DataAsync($"/metrics/top?service={large}&{new AlreadyEscaped(question)}")).AsArray();
            Assert.All(entries, entry => Assert.Equal((2, 0.0), ((int)entry!["traffic_count"]!, (double)entry["error_rate"]!)));
            Assert.All(entries, entry => Assert.InRange((double)entry!["p99_latency"]!, 4.9, 5.1));
        }

        var points = (await server.DataAsync($"/metrics/aggregate?service={large}&group_by=endpoint&window_size=60")).AsArray();
        Assert.Equal((Routes, 2 * Routes), (points.Count, points.Sum(point => (int)point!["traffic_count"]!)));
    }

    /// <summary>Waits until each endpoint's windows have what was sent, not only the whole service's.</summary>
    private async Task CountedAsync(string service, int requests)
    {
        await server.CountedAsync(service, requests);
        await Eventually.SeesAsync(() => EndpointsAsync(service), counted => counted == requests);
    }

    private async Task<long> EndpointsAsync(string service)
    {
        await using var command = server.Db.CreateCommand(
            "SELECT coalesce(sum(traffic_count), 0)::bigint FROM metric_windows w JOIN series s ON s.id = w.series_id WHERE s.service = $1 AND s.endpoint <> "
                + "'*'");
        command.Parameters.Add(new() { Value = service });
        return (long)(await command.ExecuteScalarAsync(BayouServer.Ct))!;
    }
}
