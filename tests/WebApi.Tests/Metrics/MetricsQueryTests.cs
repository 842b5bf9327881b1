using System.Net;

namespace Bayou.Metrics;

public sealed class MetricsQueryTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static readonly DateTimeOffset Time = BayouServer.RecentMinute;

    [Theory]
    [InlineData("/metrics?id__gt=-1", "id__gt")]
    [InlineData("/metrics?id__gt=99999999999999999999", "id__gt")]
    [InlineData("/metrics?id__gt=abc", "id__gt")]
    [InlineData("/metrics?id__gt=1&offset=2", "offset")]
    [InlineData("/metrics?id__gt=1&order_by=id", "order_by")]
    [InlineData("/metrics?limit=0", "limit")]
    [InlineData("/metrics?limit=1001", "limit")]
    [InlineData("/metrics?nonsense=1", "nonsense")]
    [InlineData("/metrics?service__near=1", "service__near")]
    [InlineData("/metrics?service__EQ=shop", "service__EQ")]
    [InlineData("/metrics?id__lt=-1", "id__lt")]
    [InlineData("/metrics/summary?endpoint__in=*,GET /a", "endpoint")]
    [InlineData("/metrics/aggregate?endpoint=*&endpoint__ne=GET /a", "endpoint")]
    [InlineData("/error?error_rate=", "error_rate")]
    [InlineData("/error?foo=1", "foo")]
    [InlineData("/metrics?traffic_count__like=1", "traffic_count__like")]
    [InlineData("/metrics?traffic_count__gt=many", "traffic_count__gt")]
    [InlineData("/metrics?error_rate__gt=NaN", "error_rate__gt")]
    [InlineData("/metrics?window_start__gt=yesterday", "window_start__gt")]
    [InlineData("/metrics?traffic_count__between=1", "traffic_count__between")]
    [InlineData("/metrics?service=a&service=b", "service")]
    [InlineData("/metrics?start_date=1&startDate=2", "start_date")]
    [InlineData("/metrics?service=a%00b", "service")]
    [InlineData("/metrics?order=up", "order")]
    [InlineData("/metrics?order_by=figures", "order_by")]
    [InlineData("/metrics/aggregate?window_size=90", "window_size")]
    [InlineData("/metrics/aggregate?windowSize=30", "window_size")]
    [InlineData("/metrics/aggregate?group_by=color", "group_by")]
    [InlineData("/metrics/aggregate?tz=Moon/Base", "tz")]
    [InlineData("/metrics/aggregate?start_date=2026-01-02T00:00:00Z&end_date=2026-01-01T00:00:00Z", "start_date")]
    [InlineData("/metrics/top?dimension=color", "dimension")]
    [InlineData("/metrics/top?dimension=country&by=p95", "by")]
    [InlineData("/metrics/summary?limit=3", "limit")]
    [InlineData("/metrics/distribution?buckets=0", "buckets")]
    [InlineData("/metrics/top?status=9xx", "status")]
    [InlineData("/metrics/top?dimension=country&status=200", "status")]
    [InlineData("/metrics/top?dimension=status&points=5", "points")]
    [InlineData("/metrics/summary?compare_to=then", "compare_to")]
    [InlineData("/metrics/changes?by=p95", "by")]
    [InlineData("/metrics/summary?start_date=9999-01-01T00:00:00Z", "start_date")]
    [InlineData("/metrics/heatmap?start_date=9999-01-01T00:00:00Z", "start_date")]
    [InlineData("/metrics/summary?start_date=2026-01-02T00:00:00Z&end_date=2026-01-01T00:00:00Z&compare_to=0001-01-01T00:00:00Z", "start_date")]
    [InlineData("/metrics/heatmap?window_size=60&start_date=2026-01-01T00:00:00Z&end_date=2026-02-01T00:00:00Z", "window_size")]
    [InlineData("/metrics/stream?traffic=1", "traffic")]
    [InlineData("/metrics/freshness?endpoint=a", "endpoint")]
    [InlineData("/metrics/services?limit=1", "limit")]
    [InlineData("/deploys?order_by=color", "order_by")]
    [InlineData("/error?error_rate=2", "error_rate")]
    public async Task A_bad_query_is_refused_by_the_name_of_its_parameter(string url, string field)
    {
        using var response = await server.Http.GetAsync(new Uri(url, UriKind.Relative), BayouServer.Ct);
        var body = System.Text.Json.Nodes.JsonNode.Parse(await response.Content.ReadAsStringAsync(BayouServer.Ct))!;
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, body.ToJsonString());
        Assert.Equal("VALIDATION_ERROR", (string)body["error"]!["code"]!);
        Assert.Contains(field, body["error"]!["details"]!.AsArray().Select(d => (string)d!["field"]!));
    }

    [Theory]
    [InlineData("/metrics/summary?end_date=0001-01-01T00:30:00-02:00")]
    [InlineData("/metrics/summary?compare_to=9999-12-31T23:59:00%2B01:00")]
    [InlineData("/metrics/summary?start_date=0001-01-01T00:00:00Z")]
    [InlineData("/metrics/freshness?start_date=0001-01-01T00:00:00Z")]
    [InlineData("/metrics/changes?start_date=0001-01-01T00:00:00Z&end_date=9999-12-31T23:59:59Z")]
    public async Task The_ends_of_the_calendar_can_be_asked_for(string url)
    {
        using var response = await server.Http.GetAsync(new Uri(url, UriKind.Relative), BayouServer.Ct);
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync(BayouServer.Ct));
    }

    [Theory]
    [InlineData("traffic_count=2", "b")]
    [InlineData("traffic_count__ne=2", "a,c_%")]
    [InlineData("traffic_count__gte=2&traffic_count__lt=3", "b")]
    [InlineData("traffic_count__between=2,3", "b,c_%")]
    [InlineData("endpoint__in=GET /a,GET /b", "a,b")]
    [InlineData("endpoint__notin=GET /a,GET /b", "c_%")]
    [InlineData("endpoint__like=_", "c_%")]
    [InlineData("endpoint__like=%25", "c_%")]
    [InlineData("endpoint__notlike=_", "a,b")]
    [InlineData("endpoint__ilike=get /A", "a")]
    [InlineData("endpoint__notilike=get /A", "b,c_%")]
    [InlineData("endpoint__startswith=GET /b", "b")]
    [InlineData("endpoint__istartswith=get /B", "b")]
    [InlineData("endpoint__endswith=/a", "a")]
    [InlineData("endpoint__iendswith=/A", "a")]
    [InlineData("error_rate__gt=0", "c_%")]
    [InlineData("status_5xx__isnull=true", "")]
    [InlineData("status_5xx__isnotnull=", "a,b,c_%")]
    [InlineData("search=%25", "c_%")]
    [InlineData("window_start__lt=1", "")]
    public async Task Filters_select_what_they_say(string filter, string routes)
    {
        var service = await SeedAsync();
        var (status, body) = await server.GetAsync($"/metrics?service={service}&order_by=endpoint&order=asc&{new AlreadyEscaped(filter)}");
        Assert.True(status == HttpStatusCode.OK, body.ToJsonString());
        Assert.Equal(routes, string.Join(',', body["data"]!.AsArray().Select(r => ((string)r!["endpoint"]!)["GET /".Length..])));
        Assert.Equal(body["data"]!.AsArray().Count, (int)body["metadata"]!["total"]!);
    }

    [Fact]
    public async Task A_poller_gets_changed_windows_again_and_an_empty_page_keeps_its_cursor()
    {
        var service = await SeedAsync();
        var (_, first) = await server.GetAsync($"/metrics?service={service}&id__gt=0&limit=2");
        Assert.True((bool)first["metadata"]!["has_more"]!);
        var cursor = (long)first["metadata"]!["last_id"]!;
        var (_, second) = await server.GetAsync($"/metrics?service={service}&id__gt={cursor}");
        cursor = (long)second["metadata"]!["last_id"]!;
        Assert.Equal(3, first["data"]!.AsArray().Count + second["data"]!.AsArray().Count);
        var (_, empty) = await server.GetAsync($"/metrics?service={service}&id__gt={cursor}");
        Assert.Equal((0, cursor, false), (empty["data"]!.AsArray().Count, (long)empty["metadata"]!["last_id"]!, (bool)empty["metadata"]!["has_more"]!));
        Assert.Null(empty["metadata"]!["total"]);

        await server.SendAsync(new[] { BayouServer.Observation(service, Time, "/a") });
        await server.CountedAsync(service, 7);
        var (_, changed) = await server.GetAsync($"/metrics?service={service}&id__gt={cursor}");
        Assert.Equal(("GET /a", 2), ((string)changed["data"]![0]!["endpoint"]!, (int)changed["data"]![0]!["traffic_count"]!));
    }

    [Fact]
    public async Task A_cursor_from_another_database_is_told_to_begin_again()
    {
        await SeedAsync();
        var (_, body) = await server.GetAsync($"/metrics?id__gt={long.MaxValue}");
        Assert.True((bool)body["metadata"]!["reset"]!);
        Assert.True((long)body["metadata"]!["last_id"]! is > 0 and < long.MaxValue);
    }

    [Theory]
    [InlineData("end_date=0001-01-01T00:00:00Z")]
    [InlineData("start_date=0001-01-01T00:00:00Z")]
    [InlineData("start_date=5000-01-01T00:00:00Z&end_date=9999-12-31T23:59:59Z")]
    [InlineData("start_date=1&end_date=2")]
    public async Task A_range_at_the_ends_of_time_is_empty_or_refused_but_never_fails(string range)
    {
        foreach (var path in (string[])["", "/summary", "/top", "/aggregate", "/distribution"])
        {
            var (status, body) = await server.GetAsync($"/metrics{new AlreadyEscaped(path)}?{new AlreadyEscaped(range)}");
            Assert.True(status is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{path}: {body}");
        }
    }

    [Fact]
    public async Task Paging_backwards_by_id_reaches_every_row()
    {
        var service = await SeedAsync();
        var (_, list) = await server.GetAsync($"/metrics?service={service}");
        var ids = new List<long>();
        for (var before = (long)list["metadata"]!["last_id"]! + 1; ; before = ids[^1])
        {
            var page = (await server.DataAsync($"/metrics?service={service}&id__lt={before}&limit=2")).AsArray();
            ids.AddRange(page.Select(row => (long)row!["id"]!));
            if (page.Count == 0)
            {
                break;
            }
        }

        Assert.Equal(ids.OrderDescending(), ids);
        Assert.Equal(list["data"]!.AsArray().Select(row => (long)row!["id"]!).Order(), ids.Order());
    }

    [Fact]
    public async Task Points_of_a_minute_are_the_windows_as_they_are_by_time_then_name()
    {
        // Names that are escaped in JSON, in an order that is not the one they come in; enough of them to outgrow the first rooms.
        var service = BayouServer.NewService();
        var routes = Enumerable.Range(0, 150).Select(i => $"/{(char)('z' - (i % 26))}\"é<{i}>").ToList();
        await server.SendAsync(
            routes.SelectMany((route, i) => Enumerable.Range(0, 1 + (i % 3))
            .Select(n => BayouServer.Observation(service, Time.AddMinutes(-n), route, i % 7 == 0 ? 500 : 200))));
        await server.CountedAsync(service, routes.Select((_, i) => 1 + (i % 3)).Sum());
        var range = new AlreadyEscaped($"start_date={Time.AddMinutes(-5).ToUnixTimeMilliseconds()}&end_date={Time.AddMinutes(1).ToUnixTimeMilliseconds()}");
        var points = (await server.DataAsync($"/metrics/aggregate?service={service}&{range}&group_by=endpoint&window_size=60")).AsArray();
        var rows = (await server.DataAsync($"/metrics?service={service}&{range}&limit=1000")).AsArray()
            .OrderBy(row => (string)row!["window_start"]!, StringComparer.Ordinal).ThenBy(row => (string)row!["endpoint"]!, StringComparer.Ordinal).ToList();
        Assert.Equal(routes.Select((_, i) => 1 + (i % 3)).Sum(), points.Count);
        foreach (var (point, row) in points.Zip(rows))
        {
            Assert.All(point!.AsObject(), member => Assert.Equal(row![member.Key]!.ToJsonString(), member.Value!.ToJsonString()));
        }

        // Merged from its endpoints, a service is written by the other way.
        var merged = (await server.DataAsync($"/metrics/aggregate?service={service}&{range}&group_by=service&endpoint__ne=x&window_size=60")).AsArray();
        Assert.Equal(
            rows.GroupBy(row => (string)row!["window_start"]!).Select(minute => (minute.Key, minute.Sum(row => (long)row!["traffic_count"]!))),
            merged.Select(point => ((string)point!["window_start"]!, (long)point["traffic_count"]!)));
    }

    [Fact]
    public async Task An_answer_of_too_many_points_is_refused_and_one_of_just_so_many_is_not()
    {
        // 70 endpoints of a day and one window more than 100,000, with the figures of a window that is there.
        var service = BayouServer.NewService();
        await server.SendAsync(new[] { BayouServer.Observation(service, Time) });
        await server.CountedAsync(service, 1);
        var day = new DateTimeOffset(DateTime.UtcNow.Date.AddDays(-2), TimeSpan.Zero);
        await using (var fill = server.Db.CreateCommand("""
            WITH many AS (INSERT INTO series (project_id, service, endpoint) SELECT project_id, service, 'GET /' || n
                FROM series, generate_series(1, 70) n WHERE service = $1 AND endpoint = '*' RETURNING id)
            INSERT INTO metric_windows (id, series_id, window_start, version, applied, figures, request_size, response_size, duration_sum, duration_max,
                traffic_count, status_1xx, status_2xx, status_3xx, status_4xx, status_5xx, p50, p95, p99)
            SELECT nextval('metric_windows_id_seq'), n.id, n.start, 1, '{}', w.figures, 0, 0, w.duration_sum, w.duration_max, 1, 0, 1, 0, 0, 0, w.p50, w.p95,
                w.p99
              FROM (SELECT * FROM metric_windows WHERE series_id = (SELECT id FROM series WHERE service = $1 AND endpoint = '*')) w,
                   (SELECT id, $2 + m * interval '1 minute' AS start FROM many, generate_series(0, 1439) m ORDER BY m, id LIMIT 100001) n
            """))
        {
            fill.Parameters.Add(new() { Value = service });
            fill.Parameters.Add(new() { Value = day.UtcDateTime });
            await fill.ExecuteNonQueryAsync(BayouServer.Ct);
        }

        var start = day.ToUnixTimeMilliseconds();
        var (status, body) = await server.GetAsync(
            $"/metrics/aggregate?service={service}&group_by=endpoint&window_size=60&start_date={start}&end_date={day.AddDays(1).ToUnixTimeMilliseconds()}");
        Assert.Equal((HttpStatusCode.BadRequest, "window_size"), (status, (string)body["error"]!["details"]![0]!["field"]!));
        var end = day.AddMinutes(1_428).ToUnixTimeMilliseconds();
        var most = await server.DataAsync(
            $"/metrics/aggregate?service={service}&group_by=endpoint&window_size=60&start_date={start}&end_date={end}");
        Assert.Equal(70 * 1_428, most.AsArray().Count);
    }

    [Fact]
    public async Task Days_begin_at_the_midnight_of_the_time_zone()
    {
        var service = await SeedAsync();
        var (_, body) = await server.GetAsync($"/metrics/aggregate?service={service}&window_size=86400&tz={"Asia/Kolkata"}");
        Assert.All(body["data"]!.AsArray(), p => Assert.EndsWith("T18:30:00.000Z", (string)p!["window_start"]!));
    }

    [Fact]
    public async Task The_range_before_is_compared()
    {
        var service = BayouServer.NewService();
        await server.SendAsync(
            new[] { BayouServer.Observation(service, Time.AddMinutes(-10)), BayouServer.Observation(service, Time),
            BayouServer.Observation(service, Time, status: 500) });
        await server.CountedAsync(service, 3);
        var (from, to) = (Time.AddMinutes(-2).ToUnixTimeMilliseconds(), Time.AddMinutes(6).ToUnixTimeMilliseconds());
        var summary = await server.DataAsync($"/metrics/summary?service={service}&start_date={from}&end_date={to}");
        Assert.Equal((2, 1, 1.0), ((int)summary["traffic"]!["value"]!, (int)summary["traffic"]!["previous"]!, (double)summary["traffic"]!["change"]!));
        Assert.Equal(0.5, (double)summary["error_rate"]!["value"]!);

        var top = (await server.DataAsync($"/metrics/top?service={service}&by=errors&start_date={from}&end_date={to}")).AsArray().Single()!;
        Assert.Equal((1, 1.0, 0), ((int)top["value"]!, (double)top["share"]!, (int)top["previous"]!));
    }

    private async Task<string> SeedAsync()
    {
        var service = BayouServer.NewService();
        await server.SendAsync(new[]
        {
            BayouServer.Observation(service, Time, "/a"),
            BayouServer.Observation(service, Time, "/b"), BayouServer.Observation(service, Time, "/b"),
            BayouServer.Observation(service, Time, "/c_%"), BayouServer.Observation(service, Time, "/c_%"), BayouServer.Observation(service, Time, "/c_%", 502),
        });
        await server.CountedAsync(service, 6);
        return service;
    }
}
