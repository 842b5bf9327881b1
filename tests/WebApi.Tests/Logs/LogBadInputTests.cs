using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Bayou.Logs;

/// <summary>Whatever a line holds, it is kept or refused by the name of its field, and the lines beside it are kept.</summary>
public sealed class LogBadInputTests(BayouServer server) : IClassFixture<BayouServer>
{
    public static TheoryData<string, string> BadItems => new()
    {
        { "level", """{"source":"s","message":"m"}""" },
        { "source", """{"level":"info","message":"m"}""" },
        { "source", """{"source":"","level":"info","message":"m"}""" },
        { "source", $$"""{"source":"{{new string('s', 201)}}","level":"info","message":"m"}""" },
        { "source", $$"""{"source":"{{string.Concat(Enumerable.Repeat("\\u0041", 2_000))}}","level":"info","message":"m"}""" },
        { "source", """{"source":7,"level":"info","message":"m"}""" },
        { "source", """{"source":"a","source":"b","level":"info","message":"m"}""" },
        { "message", """{"source":"s","level":"info"}""" },
        { "message", """{"source":"s","level":"info","message":null}""" },
        { "message", """{"source":"s","level":"info","message":{"a":1}}""" },
        { "message", "{\"source\":\"s\",\"level\":\"info\",\"message\":\"raw\ttab\"}" },
        { "meta", $$"""{"source":"s","level":"info","message":"m","meta":{{new string('[', 1_000) + new string(']', 1_000)}} }""" },
        { "time", """{"source":"s","level":"info","message":"m","time":"9999-12-31T23:59:59Z"}""" },
        { "time", """{"source":"s","level":"info","message":"m","time":"0001-01-01T00:00:00Z"}""" },
        { "time", $$"""{"source":"s","level":"debug","message":"m","time":"{{DateTimeOffset.UtcNow.AddDays(-4):O}}"}""" },
        { "time", $$"""{"source":"s","level":"info","message":"m","time":"{{DateTimeOffset.UtcNow.AddDays(-31):O}}"}""" },
        { "time", """{"source":"s","level":"info","message":"m","time":1767225600}""" },
        { "time", """{"source":"s","level":"info","message":"m","time":1767225600.5}""" },
        { "time", """{"source":"s","level":"info","message":"m","time":1767225600123456}""" },
        { "time", """{"source":"s","level":"info","message":"m","time":1767225600123456789}""" },
        { "sources", """{"sources":"s","level":"info","message":"m"}""" },
        { "\uFFFD", """{"\ud800":"s","level":"info","message":"m"}""" },
        { "item", "[]" },
        { "item", "\"text\"" },
        { "item", """{"source":"s","level":"info","message":"m"} {}""" },
    };

    [Theory]
    [MemberData(nameof(BadItems))]
    public async Task A_bad_item_is_refused_by_its_field_and_the_good_one_beside_it_kept(string field, string item)
    {
        var source = BayouServer.NewService();
        var (status, body) = await PostAsync($$"""{"source":"{{source}}","level":"info","message":"good"}""" + "\n" + item);
        Assert.Equal((HttpStatusCode.Accepted, 1, 1), (status, (int)body["data"]!["accepted"]!, (int)body["data"]!["rejected"]!));
        var error = Assert.Single(body["data"]!["errors"]!.AsArray())!;
        Assert.Equal((field, 1), ((string)error["field"]!, (int)error["index"]!));
        Assert.Single((await server.DataAsync($"/logs?source={source}")).AsArray());
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(item)).Status);
    }

    public static TheoryData<string, string, string> Optional => new()
    {
        { "trace_id", "\"\"", "null" },
        { "trace_id", "\" - \"", "null" },
        { "trace_id", "\"two words\"", "null" },
        { "trace_id", $"\"{new string('x', 129)}\"", "null" },
        { "service", "\"\"", "null" },
        { "service", "7", "null" },
        { "service", "{\"name\":[\"s\"]}", "null" },
        { "meta", "\"\"", "null" },
        { "meta", $$"""{"a":"{{new string('x', 65_536)}}"}""", "null" },
        { "level", "null", "\"info\"" },
        { "level", "\"\"", "\"info\"" },
        { "level", "\"-\"", "\"info\"" },
        { "level", "[\"error\"]", "\"info\"" },
    };

    [Theory]
    [MemberData(nameof(Optional))]
    public async Task An_optional_field_that_cannot_be_used_is_left_out_and_named_and_the_line_kept(string field, string value, string stored)
    {
        var source = BayouServer.NewService();
        var level = field == "level" ? "" : "\"level\":\"warn\",";
        var (status, body) = await PostAsync($$"""{"source":"{{source}}",{{level}}"message":"m","{{field}}":{{value}}}""");
        Assert.Equal((HttpStatusCode.Accepted, 1), (status, (int)body["data"]!["accepted"]!));
        Assert.Equal(field, (string)Assert.Single(body["data"]!["warnings"]!.AsArray())!["field"]!);
        var line = Assert.Single((await server.DataAsync($"/logs?source={source}")).AsArray())!;
        Assert.Equal(stored, line[field]?.ToJsonString() ?? "null");
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"-\"")]
    [InlineData("\"yesterday\"")]
    [InlineData("true")]
    public async Task A_time_that_is_none_is_the_time_of_arrival(string time)
    {
        var source = BayouServer.NewService();
        var (_, body) = await PostAsync($$"""{"source":"{{source}}","level":"info","message":"m","time":{{time}}}""");
        Assert.Equal("time", (string)Assert.Single(body["data"]!["warnings"]!.AsArray())!["field"]!);
        var line = Assert.Single((await server.DataAsync($"/logs?source={source}")).AsArray())!;
        Assert.InRange(DateTimeOffset.Parse((string)line["created_at"]!, CultureInfo.InvariantCulture), DateTimeOffset.UtcNow.AddMinutes(-5),
            DateTimeOffset.UtcNow);
    }

    /// <summary>A level is one that is known, or its original is kept.</summary>
    [Theory]
    [InlineData("\"E\"", "error", null)]
    [InlineData("\"W\"", "warn", null)]
    [InlineData("\"i\"", "info", null)]
    [InlineData("\"D\"", "debug", null)]
    [InlineData("\"crit\"", "fatal", null)]
    [InlineData("3", "error", null)]
    [InlineData("8", "debug", null)]
    [InlineData("9", "info", null)]
    [InlineData("13", "warn", null)]
    [InlineData("17", "error", null)]
    [InlineData("\"17\"", "error", null)]
    [InlineData("24", "fatal", null)]
    [InlineData("30", "info", null)]
    [InlineData("\"none\"", "info", "\"none\"")]
    [InlineData("\"loud\"", "info", "\"loud\"")]
    [InlineData("\"notice2\"", "info", "\"notice2\"")]
    [InlineData("\"ERROR3\"", "error", "\"ERROR3\"")]
    [InlineData("4.5", "info", "4.5")]
    [InlineData("99", "info", "99")]
    [InlineData("true", "info", "true")]
    public async Task A_level_that_nobody_knows_is_info_and_kept_as_it_was_sent(string level, string stored, string? original)
    {
        var source = BayouServer.NewService();
        var meta = """{"level":"mine"}""";
        await PostAsync($$"""{"source":"{{source}}","meta":{"k":1},"level":{{level}},"message":"m"}""" + "\n"
            + $$"""{"source":"{{source}}","level":{{level}},"message":"m","meta":{{meta}}}""");
        var lines = (await server.DataAsync($"/logs?source={source}")).AsArray().OrderBy(line => (long)line!["id"]!).ToList();
        Assert.Equal([stored, stored], lines.Select(line => (string)line!["level"]!));
        Assert.Equal(original, lines[0]!["meta"]!["level"]?.ToJsonString());
        Assert.Equal((1, "mine"), ((int)lines[0]!["meta"]!["k"]!, (string)lines[1]!["meta"]!["level"]!));
    }

    [Theory]
    [InlineData("""a\u0000b""", "a\uFFFDb")]
    [InlineData("""lone \ud800 and \udc00""", "lone \uFFFD and \uFFFD")]
    [InlineData("""a pair \ud83d\ude00""", "a pair 😀")]
    [InlineData("""\u001b[31mred\u001b[0m""", "\u001b[31mred\u001b[0m")]
    [InlineData("""100% of _all_ \\ regex .*[a-z]+$""", """100% of _all_ \ regex .*[a-z]+$""")]
    public async Task What_no_text_can_hold_becomes_a_replacement_character(string json, string stored)
    {
        var source = BayouServer.NewService();
        await PostAsync($$$"""{"source":"{{{source}}}","level":"info","message":"{{{json}}}","meta":{"k":"{{{json}}}","{{{json}}}":1}}""");
        var line = Assert.Single((await server.DataAsync($"/logs?source={source}")).AsArray())!;
        Assert.Equal((stored, stored), ((string)line["message"]!, (string)line["meta"]!["k"]!));
        Assert.Single((await server.DataAsync($"/logs?source={source}&mode=keyword&search={$"\"{stored[..3]}"}")).AsArray());
    }

    [Fact]
    public async Task Invalid_utf8_is_kept_but_for_its_bad_bytes()
    {
        var source = BayouServer.NewService();
        byte[] body =
            [.. Encoding.UTF8.GetBytes($$"""{"source":"{{source}}","level":"info","message":"caf"""), 0xE9, .. "\",\"meta\":{\"a\":\""u8, 0xFF, .. "\"}}"u8];
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        Assert.Equal(HttpStatusCode.Accepted, (await server.PostAsync(content, path: "/ingest/v1/logs")).Status);
        var line = Assert.Single((await server.DataAsync($"/logs?source={source}")).AsArray())!;
        Assert.Equal(("caf\uFFFD", "\uFFFD"), ((string)line["message"]!, (string)line["meta"]!["a"]!));
    }

    [Theory]
    [InlineData("1e999999")]
    [InlineData("-1.5E-99999")]
    [InlineData("1e400000000000")]
    [InlineData("1e-2147483648")]
    public async Task A_number_that_no_database_holds_is_kept_as_text(string number)
    {
        var source = BayouServer.NewService();
        Assert.Equal(HttpStatusCode.Accepted,
            (await PostAsync($$$"""{"source":"{{{source}}}","level":"info","message":"m","meta":{"n":{{{number}}},"m":1e3}}""")).Status);
        var meta = Assert.Single((await server.DataAsync($"/logs?source={source}")).AsArray())!["meta"]!;
        Assert.Equal((number, 1000), ((string)meta["n"]!, (int)meta["m"]!));
    }

    [Fact]
    public async Task An_escaped_name_is_the_same_name_and_an_emoji_where_masking_ends_is_no_trouble()
    {
        var source = BayouServer.NewService();
        var (status, _) = await PostAsync($$"""{"\u0073ource":"{{source}}","level":"info","message":"{{new string('x', 2_047)}}😀y"}""");
        Assert.Equal(HttpStatusCode.Accepted, status);
        await PostAsync($$"""{"source":"{{source}}","level":"info","message":"{{new string('x', 2_047)}}😁z"}""");
        Assert.Equal(2, (await server.DataAsync($"/logs?source={source}")).AsArray().Count);
    }

    [Fact]
    public async Task A_number_that_is_no_double_harms_no_comparison()
    {
        var source = BayouServer.NewService();
        await PostAsync(
            string.Join('\n',
            ((string[])["1e390", "1e-390", "7", "\"8\"", "null", new string('9', 400)])
            .Select(n => $$$"""{"source":"{{{source}}}","level":"info","message":"m","meta":{"n":{{{n}}}}}""")));
        Assert.Equal(3, (await server.DataAsync($"/logs?source={source}&meta.n__gt=5")).AsArray().Count);
        Assert.Equal(2, (await server.DataAsync($"/logs?source={source}&meta.n__between=0,1e2")).AsArray().Count);
    }

    [Theory]
    [InlineData("histogram?end_date=0001-01-01T12:00:00Z")]
    [InlineData("patterns?start_date=0001-01-01T00:00:00Z")]
    [InlineData("patterns?start_date=9000-01-01T00:00:00Z")]
    [InlineData("patterns?end_date=1970-01-01T00:00:00Z")]
    [InlineData("patterns?start_date=1970-01-01T00:00:00Z&end_date=8999-01-01T00:00:00Z")]
    [InlineData("facets?start_date=9999-12-31T23:59:30Z&end_date=9999-12-31T23:59:40Z")]
    [InlineData("histogram?start_date=8999-12-31T23:59:30Z&end_date=8999-12-31T23:59:40Z")]
    [InlineData("histogram?window_size=1&start_date=2026-01-01T00:00:00Z&end_date=2026-02-01T00:00:00Z")]
    public async Task No_range_is_an_error_of_ours(string question)
    {
        var (status, _) = await server.GetAsync($"/logs/{new AlreadyEscaped(question)}");
        Assert.True(status is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{status}");
    }

    [Fact]
    public async Task A_message_of_ten_megabytes_is_cut_with_a_mark_and_counted()
    {
        var source = BayouServer.NewService();
        var (_, body) = await PostAsync($$"""{"source":"{{source}}","level":"info","message":"{{new string('\u6F22', 3_400_000)}}"}""");
        Assert.Equal(1, (int)body["data"]!["cut"]!);
        var message = (string)Assert.Single((await server.DataAsync($"/logs?source={source}")).AsArray())!["message"]!;
        Assert.EndsWith("… (cut: 10200000 bytes in all)", message, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(message), 256 * 1024 - 3, (256 * 1024) + 50);
    }

    [Fact]
    public async Task Identical_lines_and_as_many_sources_as_lines_are_lines_as_any_other()
    {
        var service = BayouServer.NewService();
        var lines = Enumerable.Range(0, 5_000).Select(i => (object)new { source = $"{service}-{i}", service, level = "info", message = "the same" });
        await server.SendLogsAsync(lines);
        var facets = await server.DataAsync($"/logs/facets?service={service}");
        Assert.Equal((20, 5_000), (facets["source"]!.AsArray().Count, (int)facets["service"]![0]!["count"]!));
    }

    [Theory]
    [InlineData("...")]
    [InlineData("%_\\")]
    [InlineData("\"open")]
    [InlineData("-")]
    [InlineData("--")]
    [InlineData("-\"")]
    [InlineData("\"\"")]
    [InlineData(":")]
    [InlineData("level:")]
    [InlineData("(a|b)*[")]
    [InlineData("' OR 1=1 --")]
    public async Task Any_search_has_an_answer(string search)
    {
        foreach (var mode in (string[])["hybrid", "keyword", "semantic"])
        {
            Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"/logs?search={search}&mode={mode}")).Status);
        }
    }

    [Theory]
    [InlineData("search", "level:loud")]
    [InlineData("search", "pattern:x")]
    [InlineData("level", "loud")]
    [InlineData("level__like", "err")]
    [InlineData("mode", "psychic")]
    [InlineData("sort", "relevance")]
    [InlineData("order_by", "message")]
    [InlineData("offset", "10001")]
    [InlineData("start_date", "yesterday")]
    [InlineData("msg", "x")]
    [InlineData("metadata.a", "x")]
    [InlineData("meta.a%00b", "x")]
    [InlineData("meta", "x")]
    public async Task A_bad_query_is_refused_by_its_field(string field, string value)
    {
        var (status, body) = await server.GetAsync($"/logs?{new AlreadyEscaped(field)}={value}");
        Assert.Equal((HttpStatusCode.BadRequest, Uri.UnescapeDataString(field)), (status, (string)body["error"]!["details"]![0]!["field"]!));
    }

    [Fact]
    public async Task A_search_of_ten_thousand_characters_is_refused()
    {
        var (status, body) = await server.GetAsync($"/logs?search={new string('x', 10_000)}");
        Assert.True(status is HttpStatusCode.BadRequest, $"{status}");
        Assert.Equal("search", (string)body["error"]!["details"]![0]!["field"]!);
    }

    private Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(string ndjson) =>
        server.PostAsync(new StringContent(ndjson, Encoding.UTF8, "application/x-ndjson"), path: "/ingest/v1/logs");
}
