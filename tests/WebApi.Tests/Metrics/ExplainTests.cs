using System.Text;
using System.Text.Json.Nodes;

namespace Bayou.Metrics;

/// <summary>What a range is explained by: changes, heat map, status filter, parts, freshness.</summary>
public sealed class ExplainTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static readonly DateTimeOffset Now = BayouServer.RecentMinute;

    [Fact]
    public async Task A_change_is_told_by_the_endpoints_statuses_and_countries_that_made_it()
    {
        var service = BayouServer.NewService();
        var before = Now.AddMinutes(-1);
        await SendAsync(service, before, "/a", 20, 200, 10, "FR");
        await SendAsync(service, before, "/b", 20, 200, 10, "DE");
        await SendAsync(service, Now, "/a", 22, 200, 10, "FR");
        await SendAsync(service, Now, "/b", 5, 200, 10, "DE");
        await SendAsync(service, Now, "/b", 30, 503, 900, "US");
        await server.CountedAsync(service, 97);
        var range = $"service={service}&start_date={Now.ToUnixTimeMilliseconds()}&end_date={Now.AddMinutes(1).ToUnixTimeMilliseconds()}";

        var traffic = await server.DataAsync($"/metrics/changes?{new AlreadyEscaped(range)}");
        Assert.Equal((57, 40), ((int)traffic["traffic"]!["value"]!, (int)traffic["traffic"]!["previous"]!));
        Assert.Equal([("GET /b", 15), ("GET /a", 2)], Parts(traffic, "endpoints", "endpoint"));
        Assert.Equal([("503", 30), ("200", -13)], Parts(traffic, "statuses", "status"));
        Assert.Equal([("US", 30), ("DE", -15), ("FR", 2)], Parts(traffic, "countries", "country"));
        Assert.Equal(15.0 / 17, (double)traffic["endpoints"]![0]!["share"]!, 5);

        var errors = await server.DataAsync($"/metrics/changes?by=errors&{new AlreadyEscaped(range)}");
        Assert.Equal([("GET /b", 30)], Parts(errors, "endpoints", "endpoint"));
        Assert.Equal([("503", 30)], Parts(errors["endpoints"]![0]!, "statuses", "status"));
        Assert.Equal((0.526316, 0.0), ((double)errors["error_rate"]!["value"]!, (double)errors["error_rate"]!["previous"]!));

        // 5 at 10 ms and 30 at 900, where 35 at 10 would have been expected; /a is as fast as before, though busier.
        var latency = await server.DataAsync($"/metrics/changes?by=latency&{new AlreadyEscaped(range)}");
        Assert.Equal([("GET /b", 26_700)], Parts(latency, "endpoints", "endpoint"));
        Assert.Equal((10.0, 478.421), ((double)latency["avg_latency"]!["previous"]!, (double)latency["avg_latency"]!["value"]!));

        // Beside itself nothing has changed.
        var same = await server.DataAsync($"/metrics/changes?compare_to={Now.ToUnixTimeMilliseconds()}&{new AlreadyEscaped(range)}");
        Assert.Empty(same["endpoints"]!.AsArray());

        var picked = await server.DataAsync($"/metrics/changes?endpoint=GET /a&{new AlreadyEscaped(range)}");
        Assert.Null(picked["countries"]);
    }

    [Fact]
    public async Task A_summary_can_be_set_beside_any_other_range()
    {
        var service = BayouServer.NewService();
        await SendAsync(service, Now, "/a", 8, 200, 10);
        await SendAsync(service, Now.AddHours(-24), "/a", 4, 200, 10);
        await server.CountedAsync(service, 12);
        var (start, end, before) = (Now.ToUnixTimeMilliseconds(), Now.AddMinutes(1).ToUnixTimeMilliseconds(), Now.AddHours(-24).ToUnixTimeMilliseconds());
        var (_, body) = await server.GetAsync($"/metrics/summary?service={service}&start_date={start}&end_date={end}&compare_to={before}");
        Assert.Equal((8, 4, 1.0),
            ((int)body["data"]!["traffic"]!["value"]!, (int)body["data"]!["traffic"]!["previous"]!, (double)body["data"]!["traffic"]!["change"]!));
        Assert.Equal(Now.AddHours(-24), DateTimeOffset.Parse((string)body["metadata"]!["compare_to"]!, null));
    }

    [Fact]
    public async Task A_status_filter_narrows_counts_and_drops_what_has_none()
    {
        var service = BayouServer.NewService();
        await SendAsync(service, Now, "/a", 5, 200, 10);
        await SendAsync(service, Now, "/a", 2, 404, 10);
        await SendAsync(service, Now, "/b", 3, 500, 10);
        await server.CountedAsync(service, 10);
        Assert.Equal([("GET /b", 3), ("GET /a", 2)],
            (await server.DataAsync($"/metrics/top?service={service}&status=5xx,404")).AsArray()
            .Select(e => ((string)e!["endpoint"]!, (int)e["traffic_count"]!)));
        Assert.Equal(["404"],
            (await server.DataAsync($"/metrics/top?service={service}&dimension=status&status=404")).AsArray().Select(e => (string)e!["status"]!));
        Assert.Equal(5, (int)(await server.DataAsync($"/metrics/summary?service={service}&status=2xx"))["traffic"]!["value"]!);
        Assert.Empty((await server.DataAsync($"/metrics/top?service={service}&by=errors&status=404")).AsArray());
        Assert.Equal([3.0], (await server.DataAsync($"/metrics/top?service={service}&by=errors&status=500,404")).AsArray().Select(e => (double)e!["value"]!));
    }

    [Fact]
    public async Task Top_gives_the_traffic_of_parts_with_gaps()
    {
        var service = BayouServer.NewService();
        await SendAsync(service, Now.AddMinutes(-3), "/a", 2, 200, 10);
        await SendAsync(service, Now, "/a", 5, 200, 10);
        await server.CountedAsync(service, 7);
        var (start, end) = (Now.AddMinutes(-3).ToUnixTimeMilliseconds(), Now.AddMinutes(1).ToUnixTimeMilliseconds());
        var entry = (await server.DataAsync($"/metrics/top?service={service}&points=4&start_date={start}&end_date={end}"))[0]!;
        Assert.Equal([2, null, null, 5], entry["series"]!.AsArray().Select(part => (long?)part));
        Assert.InRange((double)entry["p99_latency"]!, 9.9, 10.1);
    }

    [Fact]
    public async Task A_heat_map_counts_every_request_once_in_rows_that_hold_its_latency()
    {
        var service = BayouServer.NewService();
        await SendAsync(service, Now.AddMinutes(-1), "/a", 6, 200, 4);
        await SendAsync(service, Now, "/a", 3, 200, 4);
        await SendAsync(service, Now, "/a", 2, 200, 800);
        await SendAsync(service, Now, "/a", 1, 200, 0);
        await server.CountedAsync(service, 12);
        var map = await server.DataAsync($"/metrics/heatmap?service={service}&window_size=60");
        var edges = map["edges"]!.AsArray().Select(edge => (double)edge!).ToList();
        Assert.Equal(edges.Order(), edges);
        var columns = map["windows"]!.AsArray().Select(w => w!["counts"]!.AsArray().Select(c => (long)c!).ToList()).ToList();
        Assert.Equal([6, 6], columns.Select(column => column.Sum()));
        Assert.All(columns, column => Assert.Equal(edges.Count - 1, column.Count));
        var slow = columns[1].FindLastIndex(count => count > 0);
        Assert.Equal((2, 1, 0.0), (columns[1][slow], columns[1][0], edges[0])); // What took no time has a row of its own.
        Assert.True(edges[slow] <= 800 && 800 < edges[slow + 1], $"{edges[slow]} to {edges[slow + 1]}");
    }

    [Fact]
    public async Task Freshness_tells_what_was_refused_and_dropped_and_why()
    {
        var service = BayouServer.NewService();
        var item = $$"""{"service":"{{service}}","method":"GET","route":"/","status":200,"duration_ms":1,"time":{{Now.ToUnixTimeMilliseconds()}}}""";
        HttpContent Body() =>
            new StringContent($"[{item},{item.Replace(":1,", ":-4,", StringComparison.Ordinal)}]", null,
            "application/json") { Headers = { { "x-bayou-dropped", "17" } } };
        await server.PostAsync(Body(), key: service);
        Assert.True((bool?)(await server.PostAsync(Body(), key: service)).Body["data"]!["duplicate"]);

        var fresh = await Eventually.SeesAsync(
            () => server.DataAsync($"/metrics/freshness?service={service}&start_date={DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeMilliseconds()}"),
            fresh => (int)fresh["rejected"]! > 0);
        Assert.Equal((1, 17), ((int)fresh["rejected"]!, (int)fresh["dropped"]!));
        Assert.StartsWith("duration_ms must be", (string)fresh["last_error"]!, StringComparison.Ordinal);
        Assert.InRange((double)fresh["behind_ms"]!, 0, 60_000);
    }

    [Fact]
    public async Task What_is_refused_is_told_of_the_service_that_it_names_and_of_no_other()
    {
        var (honest, broken, silent) = (BayouServer.NewService(), BayouServer.NewService(), BayouServer.NewService());
        await SendAsync(honest, Now, "/", 1, 200, 1);
        await SendAsync(broken, Now, "/", 1, 200, 1);
        string Item(string? service, string duration) =>
            $$"""{"duration_ms":{{duration}},"method":"GET",{{Named(service)}}"route":"/","status":200,"time":{{Now.ToUnixTimeMilliseconds()}}}""";

        static string Named(string? service) => service is null ? "" : $"\"service\":\"{service}\",";
        await server.PostAsync(Encoding.UTF8.GetBytes($"[{Item(broken, "-1")},{Item(broken, "true")}]"));
        await server.PostAsync(Encoding.UTF8.GetBytes($"[{Item(honest, "1")},{Item(broken, "-1")},{Item(null, "1")},{Item(silent, "null")}]"));
        await server.PostAsync(Encoding.UTF8.GetBytes($"[{Item(null, "1")}"));
        await Eventually.SeesAsync(() => RowAsync(broken), row => (int?)row?["rejected"] is 3);
        Assert.Equal(1, (int)(await RowAsync(honest))!["rejected"]!); // The one that says nothing is the sender's.
        Assert.Null(await RowAsync(silent)); // It has no page, nor a place among the services.
        Assert.StartsWith("duration_ms must be", (string)(await RowAsync(broken))!["last_error"]!, StringComparison.Ordinal);
        Assert.True((int)(await RowAsync(null))!["rejected"]! >= 2);
        Assert.Equal(3, (int)(await server.DataAsync($"/metrics/freshness?service={broken}"))["rejected"]!);
        Assert.Equal(1, (int)(await server.DataAsync($"/metrics/freshness?service={honest}"))["rejected"]!);

        async Task<JsonNode?> RowAsync(string? service) =>
            (await server.DataAsync($"/metrics/losses")).AsArray().SingleOrDefault(row => (string?)row!["service"] == service);
    }

    [Fact]
    public async Task Services_are_listed_with_what_they_have()
    {
        var service = BayouServer.NewService();
        await SendAsync(service, Now, "/a", 1, 200, 1);
        await SendAsync(service, Now, "/b", 1, 200, 1);
        await server.CountedAsync(service, 2);
        var known = (await server.DataAsync($"/metrics/services")).AsArray().Single(s => (string)s!["service"]! == service)!;
        Assert.Equal((2, Now.AddMinutes(1)), ((int)known["endpoints"]!, DateTimeOffset.Parse((string)known["last_seen"]!, null)));
    }

    [Fact]
    public async Task Bayous_own_api_is_monitored_by_its_own_middleware()
    {
        await server.DataAsync($"/info");
        var rows =
            await Eventually.SeesAsync(async () => (await server.DataAsync($"/metrics?service=bayou&endpoint=GET /info")).AsArray(), rows => rows.Count > 0);
        Assert.True((long)rows[0]!["response_size"]! > 0, "Its answers are chunked, and counted.");
    }

    private async Task SendAsync(string service, DateTimeOffset time, string route, int count, int status, double durationMs, string? country = null) =>
        await server.SendAsync(Enumerable.Range(0, count).Select(_ => new { service, method = "GET", route, status, duration_ms = durationMs, time, country }));

    private static IEnumerable<(string, int)> Parts(JsonNode data, string list, string name) =>
        data[list]!.AsArray().Select(part => ((string)part![name]!, (int)part["delta"]!));
}
