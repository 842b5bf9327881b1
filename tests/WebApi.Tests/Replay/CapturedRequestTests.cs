using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bayou.Segments;

namespace Bayou.Replay;

/// <summary>Captured requests: taken in, found, deleted, and kept whole through sealing.</summary>
public sealed class CapturedRequestTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task One_is_given_back_as_it_was_sent()
    {
        var service = BayouServer.NewService();
        var (status, body) = await SendAsync(new
        {
            service, method = "post", path = "/orders/17?x=1&x=2&y=a%20b", route = "/orders/{id}", headers = new { X_List = new[] { "a", "b" } },
            body = new { sku = "A-1", price = 1.5 }, status_code = 500,
            response_headers = new Dictionary<string, string> { ["content-type"] = "application/json" },
            response_body = "{ \"error\" : 1.50 }", duration = 12.5, time = BayouServer.RecentMinute, trace_id = "t-1", user_id = 7, version = "1.2",
            stage = "canary", error = "System.Exception: no\n   at A.B()", geo_country = "fr", geo_lat = 48.8, geo_lon = 2.3,
        });
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("[]", body["data"]!["warnings"]!.ToJsonString());
        var row = (await server.DataAsync($"/replay?service={service}")).AsArray().Single()!;
        Assert.Equal(
            ("POST", "/orders/17", "POST /orders/{id}", "x=1&x=2&y=a%20b", """{"x":["1","2"],"y":"a b"}"""),
            (Text(row, "method"), Text(row, "path"), Text(row, "endpoint"), Text(row, "query_string"), row["query"]!.ToJsonString()));
        Assert.Equal(("""{"sku":"A-1","price":1.5}""", 500, 12.5), (row["body"]!.ToJsonString(), (int)row["status_code"]!, (double)row["duration"]!));
        Assert.Equal("""{"error":1.50}""", row["response_body"]!.ToJsonString());
        Assert.Equal(("t-1", "7", "1.2", "canary", "FR"),
            (Text(row, "trace_id"), Text(row, "user_id"), Text(row, "version"), Text(row, "stage"), Text(row, "geo_country")));
        Assert.Equal("a, b", Text(row["headers"]!, "x_list"));
        var one = (await server.DataAsync($"/replay/{(long)row["id"]!}")).AsObject();
        Assert.Equal(("""{"sku":"A-1","price":1.5}""", "{ \"error\" : 1.50 }"), (Text(one, "raw_body"), Text(one, "raw_response_body")));
        one.Remove("raw_body");
        one.Remove("raw_response_body");
        Assert.Equal(row.ToJsonString(), one.ToJsonString());
        var small = (await server.DataAsync($"/replay?service={service}&bodies=false")).AsArray().Single()!;
        Assert.Null(small["body"]);
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"/replay/999999999")).Status);
    }

    [Theory]
    [InlineData("""{"service":"s","method":"GET","path":"x","status_code":200,"duration":1}""", "path", "must begin with /")]
    [InlineData("""{"service":"s","method":"GET","path":"/","status_code":99,"duration":1}""", "status_code", "must be a whole number from 100 to 599")]
    [InlineData("""{"service":"s","method":"GET","path":"/","status_code":200}""", "duration", "is required")]
    [InlineData("""{"service":"s","method":"GET","path":"/","status_code":200,"duration":1,"time":"2001-01-01T00:00:00Z"}""", "time", "is older than")]
    [InlineData("""{"service":"s","method":"GET","path":"/","status_code":200,"duration":1,"colour":1}""", "colour", "is not a known field")]
    public async Task What_cannot_be_used_is_refused_by_its_field(string item, string field, string message)
    {
        var (status, body) = await PostAsync($"[{item}]");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        var error = body["error"]!["details"]![0]!;
        Assert.Equal(field, Text(error, "field"));
        Assert.Contains(message, Text(error, "message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"headers\":7", "headers")]
    [InlineData("\"geo_lat\":100", "geo_lat")]
    [InlineData("\"geo_source\":\"guess\"", "geo_source")]
    [InlineData("\"body_truncated\":\"yes\"", "body_truncated")]
    [InlineData("\"query\":7", "query")]
    public async Task An_optional_field_that_cannot_be_used_is_left_out_and_named(string part, string field)
    {
        var service = BayouServer.NewService();
        var (status, body) = await PostAsync($$"""[{"service":"{{service}}","method":"GET","path":"/","status_code":200,"duration":1,{{part}}}]""");
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal(field, Text(body["data"]!["warnings"]![0]!, "field"));
        Assert.Single((await server.DataAsync($"/replay?service={service}")).AsArray());
    }

    [Fact]
    public async Task Bad_bodies_are_kept_as_far_as_they_can_be()
    {
        var service = BayouServer.NewService();
        var deep = string.Concat(Enumerable.Repeat("[", 1_000)) + string.Concat(Enumerable.Repeat("]", 1_000));
        byte[] invalid = [.. Encoding.UTF8.GetBytes(Item(service, "")[..^1] + ",\"body\":\""), 0xC3, 0x28, .. "\"}"u8];
        string[] items =
        [
            Item(service, "\"body\":\"a\\u0000b\""), Item(service, "\"body\":{\"a\":\"\\u0000\",\"b\":\"\\ud800\"}"),
            Item(service, $"\"body\":{JsonSerializer.Serialize(deep)}"), Item(service, $"\"body\":{JsonSerializer.Serialize(new string('x', 100_000))}"),
            Item(service, $"\"headers\":{{{string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"h{i}\":\"v\""))}}}"), Item(service, "\"body\":1e999"),
        ];
        var (status, body) = await server.PostAsync(
            new ByteArrayContent([.. Encoding.UTF8.GetBytes($"[{string.Join(',', items)},"), .. invalid, (byte)']'])
            {
                Headers = { ContentType = new("application/json") },
            }, path: "/ingest/v1/snapshots");
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal((7, 1), ((int)body["data"]!["accepted"]!, (int)body["data"]!["cut"]!));
        Assert.Equal("headers", Text(body["data"]!["warnings"]!.AsArray().Single()!, "field"));
        var rows = (await server.DataAsync($"/replay?service={service}&order_by=id&order=asc")).AsArray();
        Assert.Equal("a\uFFFDb", Text(rows[0]!, "body"));
        Assert.Equal(deep, Text(rows[2]!, "body"));
        Assert.Equal((65_536, true), (Text(rows[3]!, "body")!.Length, (bool)rows[3]!["body_truncated"]!));
        Assert.Equal(200, rows[4]!["headers"]!.AsObject().Count);
        Assert.Equal("\uFFFD(", Text(rows[6]!, "body"));
        var (tooDeep, told) = await PostAsync($"[{Item(service, $"\"body\":{deep}")}]");
        Assert.Equal((HttpStatusCode.BadRequest, "body"), (tooDeep, Text(told["error"]!["details"]![0]!, "field")));
    }

    [Fact]
    public async Task A_repeat_changes_nothing_and_another_body_of_the_same_key_is_refused()
    {
        var (service, key) = (BayouServer.NewService(), Guid.NewGuid().ToString());
        var item = Item(service, "");
        await PostAsync($"[{item}]", key);
        var (status, body) = await PostAsync($"[{item}]", key);
        Assert.Equal((HttpStatusCode.Accepted, true), (status, (bool)body["data"]!["duplicate"]!));
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync($"[{item},{item}]", key)).Status);
        Assert.Single((await server.DataAsync($"/replay?service={service}")).AsArray());
    }

    [Fact]
    public async Task They_are_found_by_field_word_and_the_pattern_of_their_log_lines()
    {
        var service = BayouServer.NewService();
        var trace = Guid.NewGuid().ToString("N");
        await PostAsync($"""
            [{Item(service, "\"body\":{\"name\":\"Zoë Öztürk\"},\"query\":\"q=na%C3%AFve+thing\"")},
             {Item(service, $"\"trace_id\":\"{trace}\",\"response_body\":\"no stock of Quux-77\",\"headers\":{{\"x-tenant\":\"acme\"}}", 503)},
             {Item(service, "\"stage\":\"canary\"", 404)}]
            """);
        await server.SendLogsAsync(new[] { new { source = "orders", level = "error", message = "Cannot reserve stock in warehouse 17", trace_id = trace } });
        var line = (await server.DataAsync($"/logs?trace_id={trace}")).AsArray().Single()!;
        Assert.Equal([200], await StatusesAsync($"search=zoe+oztURK"));
        Assert.Equal([200], await StatusesAsync($"search=NAIVE+thing"));
        Assert.Equal([503], await StatusesAsync($"search=%22of+quux-77%22+stock"));
        Assert.Equal([404, 200], await StatusesAsync($"search=-stock"));
        Assert.Equal([503], await StatusesAsync($"search=trace:{trace}"));
        Assert.Equal([503], await StatusesAsync($"pattern_id={(int)line["pattern_id"]!}"));
        Assert.Equal([503], await StatusesAsync($"headers.x-tenant=acme"));
        Assert.Equal([503], await StatusesAsync($"status_code__gte=500"));
        Assert.Equal([404], await StatusesAsync($"stage=canary"));
        Assert.Equal([503, 200], await StatusesAsync($"stage__isnull=true"));
        Assert.Empty(await StatusesAsync($"pattern_id=999999"));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.GetAsync($"/replay?search=level:error")).Status);
        var facets = await server.DataAsync($"/replay/facets?service={service}");
        Assert.Equal("""[{"value":"200","count":1},{"value":"404","count":1},{"value":"503","count":1}]""", facets["status_code"]!.ToJsonString());

        async Task<IEnumerable<int>> StatusesAsync(FormattableString query)
        {
            var escaped = new AlreadyEscaped(FormattableString.Invariant(query));
            return (await server.DataAsync($"/replay?service={service}&{escaped}")).AsArray().Select(row => (int)row!["status_code"]!);
        }
    }

    [Fact]
    public async Task They_are_found_by_what_their_endpoint_and_error_mean()
    {
        var service = BayouServer.NewService();
        await PostAsync($"""
            [{Item(service, "\"error\":\"System.TimeoutException: connection to the database 10.0.0.7 refused\\n   at Db.Open()\"", 500)},
             {Item(service, "\"error\":\"System.TimeoutException: connection to the database 10.0.0.8 refused\\n   at Db.Open()\"", 500)},
             {Item(service, "\"response_body\":{\"error\":{\"message\":\"card 17 was declined\"}}", 402)},
             {Item(service, "")}]
            """);
        var all = await server.DataAsync($"/replay?service={service}&search=cannot%20reach%20database&mode=semantic");
        Assert.Equal([500, 500], all.AsArray().Select(row => (int)row!["status_code"]!));
        Assert.Equal([500, 500], (await server.DataAsync($"/replay?service={service}&search=cannot%20reach%20database")).AsArray()
            .Select(row => (int)row!["status_code"]!));
        Assert.Empty((await server.DataAsync($"/replay?service={service}&search=cannot%20reach%20database&mode=keyword")).AsArray());
        await using var command = server.Db.CreateCommand("SELECT count(*) FROM snapshot_texts WHERE text LIKE '%connection to the database%'");
        Assert.Equal(1L, await command.ExecuteScalarAsync(BayouServer.Ct)); // Without what varies.
        Assert.Equal(HttpStatusCode.BadRequest, (await server.GetAsync($"/replay?mode=guess")).Status);
    }

    [Fact]
    public async Task A_poller_sees_each_once()
    {
        var service = BayouServer.NewService();
        var (seen, last) = (new List<int>(), (long)(await server.GetAsync($"/replay")).Body["metadata"]!["last_id"]!);
        for (var i = 0; i < 5; i++)
        {
            await PostAsync($"[{Item(service, "", 200 + (2 * i))},{Item(service, "", 201 + (2 * i))}]");
            var (_, page) = await server.GetAsync($"/replay?service={service}&id__gt={last}&limit=3");
            seen.AddRange(page["data"]!.AsArray().Select(row => (int)row!["status_code"]!));
            last = (long)page["metadata"]!["last_id"]!;
        }

        Assert.Equal(Enumerable.Range(200, 10), seen);
    }

    [Fact]
    public async Task What_is_deleted_is_hidden_at_once_and_off_the_disk_with_the_next_sealing()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var own = await BayouServer.StartAsync(
            database, ("Bayou:Enabled", "false"), ("Bayou:Replay:SegmentRows", "1000"), ("Bayou:Replay:SealAfterSeconds", "0"));
        var keeper = own.Get<SegmentKeeper<SnapshotSegments>>();
        for (var batch = 0; batch < 4; batch++)
        {
            var items = Enumerable.Range(0, 500).Select(i => Item("s", $"\"body\":\"row {(batch * 500) + i} of many\""));
            await own.PostAsync(new StringContent($"[{string.Join(',', items)}]", Encoding.UTF8, "application/json"), path: "/ingest/v1/snapshots");
        }

        while (await keeper.SealAsync(BayouServer.Ct))
        {
        }

        Assert.True(await ScalarAsync(own, "SELECT count(*) FROM snapshot_segments WHERE state = 'sealed'") >= 1);
        var first = (await own.DataAsync($"/replay?search=%22row+7+of%22")).AsArray().Single()!;
        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(own, $"/replay/{(long)first["id"]!}"));
        Assert.Empty((await own.DataAsync($"/replay?search=%22row+7+of%22")).AsArray());
        Assert.Equal(HttpStatusCode.NotFound, (await own.GetAsync($"/replay/{(long)first["id"]!}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, await DeleteAsync(own, $"/replay/{(long)first["id"]!}"));
        Assert.Equal(HttpStatusCode.OK, await DeleteAsync(own, "/replay?search=%22row+1%22"));
        Assert.Equal(HttpStatusCode.BadRequest, await DeleteAsync(own, "/replay"));
        Assert.Equal(HttpStatusCode.BadRequest, await DeleteAsync(own, "/replay?search=%20"));
        Assert.Equal(HttpStatusCode.BadRequest, await DeleteAsync(own, "/replay?mode=keyword"));
        var left = (await own.GetAsync($"/replay")).Body["metadata"]!;
        Assert.Equal(2_000 - 1 - 1_111, (int)left["total"]!); // 7; and 1, 10 to 19, 100 to 199, 1000 to 1999.
        while (await keeper.SealAsync(BayouServer.Ct))
        {
        }

        await keeper.ExpireAsync(BayouServer.Ct);
        await using (var command = own.Db.CreateCommand("UPDATE snapshot_segments SET changed_at = changed_at - interval '6 minutes'"))
        {
            await command.ExecuteNonQueryAsync(BayouServer.Ct);
        }

        await keeper.ExpireAsync(BayouServer.Ct);
        Assert.Equal(0, await ScalarAsync(own, """
            SELECT count(*) FROM snapshot_deletions d JOIN snapshot_segments s ON d.id BETWEEN s.min_id AND s.max_id WHERE s.state <> 'hot'
            """));
        var tables = await ScalarAsync(own, "SELECT count(*) FROM pg_class WHERE relname ~ '^snapshot_segment_[0-9]+$'");
        Assert.Equal(await ScalarAsync(own, "SELECT count(*) FROM snapshot_segments"), tables);
        Assert.Equal(0, await ScalarAsync(own, $"""
            SELECT count(*) FROM snapshot_segments s, LATERAL (
                SELECT (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM snapshot_segment_%s WHERE id = %s', s.id,
                {(long)first["id"]!}), true, true, '')))[1]::text::bigint AS n) t WHERE n > 0
            """));
        Assert.Equal(888, (int)(await own.GetAsync($"/replay")).Body["metadata"]!["total"]!);
    }

    [Fact]
    public async Task Few_are_sealed_soon_and_put_together_when_they_are_many()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var own = await BayouServer.StartAsync(
            database, ("Bayou:Enabled", "false"), ("Bayou:Replay:SegmentRows", "1000"), ("Bayou:Replay:SealAfterSeconds", "0"));
        var keeper = own.Get<SegmentKeeper<SnapshotSegments>>();
        var sizes = new List<long>();
        for (var batch = 0; batch < 120; batch++)
        {
            var items = Enumerable.Range(0, 12).Select(i => Item("s", $"\"body\":\"row {(batch * 12) + i} of many\""));
            await own.PostAsync(new StringContent($"[{string.Join(',', items)}]", Encoding.UTF8, "application/json"), path: "/ingest/v1/snapshots");
            while (await keeper.SealAsync(BayouServer.Ct))
            {
            }

            sizes.Add(await ScalarAsync(own, "SELECT coalesce(max(lines[1]), 0) FROM snapshot_segments WHERE state = 'sealed'"));
        }

        Assert.InRange(sizes[40], 50, 499); // Soon.
        Assert.True(sizes[^1] >= 1_000, $"{sizes[^1]} rows are in the largest");
        Assert.True(await ScalarAsync(own, "SELECT count(*) FROM snapshot_segments WHERE state <> 'expired'") < 15);
        Assert.Equal(0, await ScalarAsync(own, """
            SELECT count(*) FROM snapshot_segments a JOIN snapshot_segments b ON a.id <> b.id AND a.min_id <= b.max_id AND b.min_id <= a.max_id
             WHERE a.state <> 'expired' AND b.state <> 'expired'
            """));
        var seen = new List<string>();
        for (long last = 0; ;)
        {
            var (_, page) = await own.GetAsync($"/replay?id__gt={last}&limit=500");
            seen.AddRange(page["data"]!.AsArray().Select(row => Text(row!, "body")!));
            last = (long)page["metadata"]!["last_id"]!;
            if (!(bool)page["metadata"]!["has_more"]!)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, 120 * 12).Select(i => $"row {i} of many"), seen);
    }

    [Fact]
    public async Task What_is_deleted_stays_so_whichever_segments_are_written_first()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var own = await BayouServer.StartAsync(
            database, ("Bayou:Enabled", "false"), ("Bayou:Replay:SegmentRows", "1000"), ("Bayou:Replay:SealAfterSeconds", "0"));
        var keeper = own.Get<SegmentKeeper<SnapshotSegments>>();
        for (var segment = 0; segment < 4; segment++)
        {
            var items = Enumerable.Range(0, 40).Select(i => Item("s", $"\"body\":\"row {(segment * 40) + i} of many\""));
            await own.PostAsync(new StringContent($"[{string.Join(',', items)}]", Encoding.UTF8, "application/json"), path: "/ingest/v1/snapshots");
            await ScalarAsync(own, "WITH old AS (UPDATE snapshot_segments SET created_at = now() - interval '1 day' WHERE state = 'hot') SELECT 0::bigint");
            await keeper.CloseAsync(BayouServer.Ct);
            await ScalarAsync(own, "WITH new AS (UPDATE snapshot_segments SET created_at = now() WHERE state = 'closed') SELECT 0::bigint");
            if (segment == 1)
            {
                Assert.Equal(HttpStatusCode.OK, await DeleteAsync(own, "/replay?search=%22row+50+of%22"));
                Assert.True(await keeper.SealAsync(BayouServer.Ct)); // By itself, and before the first.
            }
        }

        for (var row = 51; row < 60; row++)
        {
            Assert.Equal(HttpStatusCode.OK, await DeleteAsync(own, $"/replay?search=%22row+{row}+of%22"));
            while (await keeper.SealAsync(BayouServer.Ct))
            {
            }
        }

        Assert.Equal(150, (int)(await own.GetAsync($"/replay")).Body["metadata"]!["total"]!);
        Assert.DoesNotContain((await own.DataAsync($"/replay?search=%22row+5%22")).AsArray(), row => Text(row!, "body") != "row 5 of many");
        Assert.Equal(0, await ScalarAsync(own, """
            SELECT count(*) FROM snapshot_segments a JOIN snapshot_segments b ON a.id <> b.id AND a.min_id <= b.max_id AND b.min_id <= a.max_id
             WHERE a.state <> 'expired' AND b.state <> 'expired'
            """));
    }

    [Fact]
    public async Task Past_its_room_a_projects_oldest_segments_go()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var own = await BayouServer.StartAsync(
            database, ("Bayou:Enabled", "false"), ("Bayou:Replay:SegmentRows", "1000"), ("Bayou:Replay:SealAfterSeconds", "0"),
            ("Bayou:Replay:MaxMegabytes", "10"));
        var random = new Random(7);
        for (var batch = 0; batch < 6; batch++)
        {
            var items = Enumerable.Range(0, 500).Select(i => Item("s", $"\"body\":\"{Convert.ToHexString(Bytes(3_000))}\""));
            await own.PostAsync(new StringContent($"[{string.Join(',', items)}]", Encoding.UTF8, "application/json"), path: "/ingest/v1/snapshots");
        }

        Assert.Equal(3_000, (int)(await own.GetAsync($"/replay")).Body["metadata"]!["total"]!);
        await own.Get<SegmentKeeper<SnapshotSegments>>().ExpireAsync(BayouServer.Ct);
        var (_, body) = await own.GetAsync($"/replay?limit=1000&order_by=id&bodies=false");
        Assert.InRange((int)body["metadata"]!["total"]!, 500, 2_500);
        Assert.Equal(3_000, (long)body["data"]![0]!["id"]!); // The newest is there.

        byte[] Bytes(int count)
        {
            var bytes = new byte[count];
            random.NextBytes(bytes);
            return bytes;
        }
    }

    private static string Item(string service, string more, int status = 200) =>
        $$"""{"service":"{{service}}","method":"GET","path":"/things","status_code":{{status}},"duration":1{{(more.Length > 0 ? "," + more : "")}}}""";

    private Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(object item) => PostAsync($"[{JsonSerializer.Serialize(item)}]");

    private Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(string json, string? key = null) =>
        server.PostAsync(new StringContent(json, Encoding.UTF8, "application/json"), key, "/ingest/v1/snapshots");

    private static async Task<HttpStatusCode> DeleteAsync(BayouServer of, string path)
    {
        using var response = await of.Http.DeleteAsync(new Uri(path, UriKind.Relative), BayouServer.Ct);
        return response.StatusCode;
    }

    private static async Task<long> ScalarAsync(BayouServer of, string sql)
    {
        await using var command = of.Db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(BayouServer.Ct))!;
    }

    private static string? Text(JsonNode node, string name) => (string?)node[name];
}
