using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bayou.Geo;
using Bayou.Metrics;
using Bayou.Requests;

namespace Bayou.Ingest;

/// <summary>Every kind of bad input gets an error that names its field, and good items beside it are kept.</summary>
public sealed class BadInputTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly string Good = JsonSerializer.Serialize(BayouServer.Observation("good", BayouServer.RecentMinute));

    public static TheoryData<string, string> BadItems => new()
    {
        { "duration_ms", With("duration_ms", "NaN") },
        { "duration_ms", With("duration_ms", "Infinity") },
        { "duration_ms", With("duration_ms", "-1") },
        { "duration_ms", With("duration_ms", "1e300") },
        { "duration_ms", With("duration_ms", "86400001") },
        { "duration_ms", With("duration_ms", "\"12\"") },
        { "duration_ms", With("duration_ms", "null") },
        { "status", With("status", "99") },
        { "status", With("status", "600") },
        { "status", With("status", "200.5") },
        { "status", With("status", "\"200\"") },
        { "time", With("time", "\"0001-01-01T00:00:00Z\"") },
        { "time", With("time", "\"9999-12-31T23:59:59Z\"") },
        { "time", With("time", "99999999999999999") },
        { "time", With("time", $"\"{DateTimeOffset.UtcNow.AddHours(1):O}\"") },
        { "time", With("time", $"\"{DateTimeOffset.UtcNow.AddDays(-9):O}\"") },
        { "time", With("time", "\"2026-01-01T00:00:00\"") },
        { "time", With("time", "\"yesterday\"") },
        { "time", With("time", "\"\\ud800\"") },
        { "service", With("service", "\"\"") },
        { "service", With("service", "\"a\\u0000b\"") },
        { "service", With("service", "\"\\ud800\"") },
        { "service", With("service", $"\"{new string('s', 401)}\"") },
        { "service", With("service", "7") },
        { "service", With("service", "\"  \"") },
        { "method", With("method", "\"GET /x\"") },
        { "method", With("method", "\"*\"") },
        { "route", With("route", $"\"/{new string('r', 10_000)}\"") },
        { "route", With("route", $"\"/{new string('\u6F22', 700)}\"") },
        { "route", With("route", "null") },
        { "route", With("route", "\"\"") },
        { "route", With("route", "\" - \"") },
        { "duration", With("duration", "1") },
        { "status", Good.Replace("\"status\":200", "\"status\":200,\"status\":200", StringComparison.Ordinal) },
        { "duration_ms", Good.Replace("\"duration_ms\":10,", "", StringComparison.Ordinal) },
        { "item", "17" },
        { "item", "[]" },
        { "item", "\"text\"" },
    };

    [Theory]
    [MemberData(nameof(BadItems))]
    public async Task A_bad_item_is_named_and_its_neighbours_are_kept(string field, string bad)
    {
        foreach (var (body, type) in new[] { ($"[{Good},{bad},{Good}]", "application/json"), ($"{Good}\n{bad}\n{Good}\n", "application/x-ndjson") })
        {
            var (status, answer) = await server.PostAsync(Encoding.UTF8.GetBytes(body), type);
            Assert.True(status == HttpStatusCode.Accepted, answer.ToJsonString());
            Assert.Equal((2, 1), ((int)answer["data"]!["accepted"]!, (int)answer["data"]!["rejected"]!));
            var error = answer["data"]!["errors"]!.AsArray().Single()!;
            Assert.Equal((1, field), ((int)error["index"]!, (string)error["field"]!));
        }
    }

    [Theory]
    [InlineData("trace_id", "\"\"")]
    [InlineData("trace_id", "\"-\"")]
    [InlineData("trace_id", "{\"a\":[1]}")]
    [InlineData("trace_id", "\"\\ud800\"")]
    [InlineData("country", "\"\"")]
    [InlineData("country", "\"-\"")]
    [InlineData("country", "\"??\"")]
    [InlineData("country", "\"1F\"")]
    [InlineData("country", "\"ZZZ\"")]
    [InlineData("country", "\"Germany\"")]
    [InlineData("country", "276")]
    [InlineData("version", "\"\"")]
    [InlineData("version", "\" \"")]
    [InlineData("version", "1.4")]
    [InlineData("version", "\"a\\u0000b\"")]
    [InlineData("request_size", "\"-\"")]
    [InlineData("request_size", "-1")]
    [InlineData("response_size", "\"\"")]
    [InlineData("response_size", "1.5")]
    [InlineData("response_size", "[]")]
    public async Task An_optional_field_that_cannot_be_used_is_left_out_and_named_and_the_item_kept(string field, string value)
    {
        var (status, answer) = await server.PostAsync(Encoding.UTF8.GetBytes($"[{Good},{With(field, value)}]"));
        Assert.Equal((HttpStatusCode.Accepted, 2, 0), (status, (int)answer["data"]!["accepted"]!, (int)answer["data"]!["rejected"]!));
        var warning = Assert.Single(answer["data"]!["warnings"]!.AsArray())!;
        Assert.Equal((1, field), ((int)warning["index"]!, (string)warning["field"]!));
        Assert.Empty(answer["data"]!["errors"]!.AsArray());
    }

    [Fact]
    public void What_others_write_for_a_country_a_route_and_a_status_is_understood()
    {
        var now = DateTimeOffset.UtcNow;
        var reader = new ObservationReader(now.AddDays(-1), now.AddMinutes(1), GeoFiles.None());
        var rest = $"\"service\":\"s\",\"method\":\"GET\",\"duration_ms\":1,\"time\":{now.ToUnixTimeMilliseconds()}";
        Assert.Equal("DE", CountryCode.Text(Read("\"route\":\"/\",\"status\":200,\"country\":\"DEU\"").Country));
        Assert.Equal("CH", CountryCode.Text(Read("\"route\":\"/\",\"status\":200,\"country\":\"che\"").Country));
        Assert.Equal(("GET /users/{id}", 499),
            (Read("\"route\":\"\",\"path\":\"/users/17\",\"status\":0").Endpoint, Read("\"route\":\"/\",\"status\":0").Status));
        Assert.Equal("GET /a/b", Read("\"route\":\"/a/b\",\"path\":\"-\",\"status\":200").Endpoint);

        Observation Read(string fields)
        {
            Assert.Null(reader.Read(Encoding.UTF8.GetBytes($"{{{rest},{fields}}}")));
            return reader.Value;
        }
    }

    [Theory]
    [InlineData("1767225600", "seconds")]
    [InlineData("\"1767225600\"", "seconds")]
    [InlineData("1767225600.25", "seconds")]
    [InlineData("1767225600123456", "microseconds")]
    [InlineData("1767225600123456789", "nanoseconds")]
    public async Task A_time_of_another_unit_is_refused_by_what_it_looks_like(string time, string unit)
    {
        var (_, answer) = await server.PostAsync(Encoding.UTF8.GetBytes($"[{Good},{With("time", time)}]"));
        Assert.Contains($"looks like {unit} ", (string)Assert.Single(answer["data"]!["errors"]!.AsArray())!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_week_old_observation_is_still_taken()
    {
        var service = BayouServer.NewService();
        var week = BayouServer.RecentMinute.AddDays(-7);
        Assert.Equal(HttpStatusCode.Accepted, (await server.SendAsync(new[] { BayouServer.Observation(service, week) })).Status);
        await server.CountedAsync(service, 1);
    }

    [Fact]
    public async Task A_batch_of_bad_items_only_is_refused_with_each_of_them_named()
    {
        var (status, body) = await server.PostAsync(Encoding.UTF8.GetBytes($"[{With("status", "1")},{With("time", "true")}]"));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("VALIDATION_ERROR", (string)body["error"]!["code"]!);
        Assert.Equal(["0 status", "1 time"], body["error"]!["details"]!.AsArray().Select(d => $"{d!["index"]} {d["field"]}"));
    }

    [Fact]
    public async Task Only_the_first_hundred_errors_are_listed_but_all_are_counted()
    {
        var body = $"[{Good},{string.Join(',', Enumerable.Repeat(With("status", "1"), 150))}]";
        var (_, answer) = await server.PostAsync(Encoding.UTF8.GetBytes(body));
        Assert.Equal((150, 100), ((int)answer["data"]!["rejected"]!, answer["data"]!["errors"]!.AsArray().Count));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \n ")]
    [InlineData("[]")]
    [InlineData("[{\"service\":\"x\"")]
    [InlineData("[{\"service\":\"x")]
    [InlineData("[{}] {}")]
    public async Task A_body_that_is_empty_or_cut_short_is_refused_whole(string text) =>
        AssertRefused(await server.PostAsync(Encoding.UTF8.GetBytes(text)), HttpStatusCode.BadRequest, "body");

    [Fact]
    public async Task An_item_that_is_not_UTF_8_is_named_and_its_neighbours_are_kept()
    {
        byte[] item = [.. "{\"service\":\""u8, 0xC3, 0x28, .. "\",\"method\":\"GET\"}"u8];
        var (status, answer) = await server.PostAsync([.. "["u8, .. item, .. ","u8, .. Encoding.UTF8.GetBytes(Good), .. "]"u8]);
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("service", (string)answer["data"]!["errors"]![0]!["field"]!);
    }

    [Fact]
    public async Task Broken_compression_is_refused()
    {
        var zipped = Gzip(Encoding.UTF8.GetBytes($"[{Good}]"));
        foreach (var cut in new[] { 1, 4, 8, 12, zipped.Length / 2, zipped.Length - 20, zipped.Length })
        {
            AssertRefused(await server.PostAsync(zipped[..^cut], encoding: "gzip"), HttpStatusCode.BadRequest, "body");
        }

        var brotli = Brotli(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Repeat(Good, 5_000))));
        foreach (var cut in new[] { 1, 8, brotli.Length / 2, brotli.Length })
        {
            AssertRefused(await server.PostAsync(brotli[..^cut], "application/x-ndjson", "br"), HttpStatusCode.BadRequest, "body");
        }

        // At the end of a line, where nothing but the compression tells.
        var lines = Gzip(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Repeat(Good, 5_000))));
        AssertRefused(await server.PostAsync(lines[..(lines.Length / 2)], "application/x-ndjson", "gzip"), HttpStatusCode.BadRequest, "body");
        AssertRefused(await server.PostAsync("not gzip at all"u8.ToArray(), encoding: "gzip"), HttpStatusCode.BadRequest, "body");
        AssertRefused(await server.PostAsync("not brotli at all"u8.ToArray(), encoding: "br"), HttpStatusCode.BadRequest, "body");
        AssertRefused(await server.PostAsync(Gzip(zipped), encoding: "gzip"), HttpStatusCode.BadRequest, "item");
        AssertRefused(await server.PostAsync(Gzip(zipped), encoding: "gzip, gzip"), HttpStatusCode.UnsupportedMediaType, "content-encoding");
        AssertRefused(await server.PostAsync(zipped, encoding: "zstd"), HttpStatusCode.UnsupportedMediaType, "content-encoding");
    }

    [Fact]
    public async Task All_members_of_a_gzip_body_are_read_and_one_that_is_cut_or_wrong_is_refused()
    {
        byte[][] members = [Gzip(Lines(1)), Gzip([]), Gzip(Lines(3_000)), Gzip(Random(100_000)), Gzip(Lines(2))];
        byte[] whole = [.. members[0], .. members[1], .. members[2], .. members[4]];
        Assert.Equal(3_003, await AcceptedAsync(whole, "gzip"));
        foreach (var cut in (int[])[1, 4, 7, 8, 9, members[4].Length - 1, members[4].Length + 3, members[4].Length + (members[2].Length / 2)])
        {
            AssertRefused(await server.PostAsync(whole[..^cut], "application/x-ndjson", "gzip"), HttpStatusCode.BadRequest, "body");
        }

        // Bytes that do not compress are stored as they are: behind a cut, whatever follows is taken for more of them.
        foreach (var cut in (int[])[9, 20, 24, 25, 26, 28, 31, 32, 36, 40, 44, 100])
        {
            AssertRefused(await server.PostAsync(members[3][..^cut], "application/x-ndjson", "gzip"), HttpStatusCode.BadRequest, "body");
        }

        foreach (var at in (int[])[members[0].Length - 2, members[0].Length - 6, whole.Length - 1, whole.Length - 8]) // Lengths and checksums.
        {
            var wrong = whole.ToArray();
            wrong[at] ^= 1;
            AssertRefused(await server.PostAsync(wrong, "application/x-ndjson", "gzip"), HttpStatusCode.BadRequest, "body");
        }

        static byte[] Lines(int count) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"{Good}\n", count)));
        static byte[] Random(int count)
        {
            var bytes = new byte[count];
            new Random(7).NextBytes(bytes);
            return bytes;
        }
    }

    [Theory]
    [InlineData("\uFEFF[G,G]", 2)]
    [InlineData("\uFEFF[\uFEFFG , \uFEFFG]\n", 2)]
    [InlineData("\uFEFFG\nG\n", 2)]
    [InlineData("G\n\uFEFFG\r\n \uFEFFG", 3)] // Files put one behind the other.
    [InlineData("\uFEFF\uFEFFG", 1)]
    [InlineData("\uFEFF\n\uFEFF\r\nG", 1)]
    public async Task A_byte_order_mark_before_an_item_is_skipped(string body, int items) =>
        Assert.Equal(items, await AcceptedAsync(Encoding.UTF8.GetBytes(body.Replace("G", Good, StringComparison.Ordinal))));

    [Theory]
    [InlineData("S", 1)]
    [InlineData("\uFEFF\r\n S\n", 1)]
    [InlineData("S\nS\n\nG\nS", 4)]
    [InlineData("S G", 2)]
    public async Task An_object_over_several_lines_is_one_item(string body, int items)
    {
        var spread = JsonSerializer.Serialize(JsonNode.Parse(Good), Indented);
        var text = body.Replace("G", Good, StringComparison.Ordinal).Replace("S", spread, StringComparison.Ordinal);
        Assert.Equal(items, await AcceptedAsync(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(items, await AcceptedAsync(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n"))));
    }

    [Theory]
    [InlineData("{\"service\":\"cut\nG\nG", 2, 1)]
    [InlineData("{\"service\":{\nG\nG", 2, 1)]
    [InlineData("{\nG\nG", 2, 1)]
    [InlineData("G\n{\"a\":\nG", 2, 1)]
    public async Task A_line_that_is_cut_short_spoils_no_other(string body, int items, int rejected)
    {
        var (status, answer) = await server.PostAsync(Encoding.UTF8.GetBytes(body.Replace("G", Good, StringComparison.Ordinal)), "application/x-ndjson");
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal((items, rejected), ((int)answer["data"]!["accepted"]!, (int)answer["data"]!["rejected"]!));
    }

    [Fact]
    public async Task A_beacon_of_text_is_read_as_what_it_looks_like()
    {
        Assert.Equal(1, await AcceptedAsync(Encoding.UTF8.GetBytes(Good), type: "text/plain;charset=UTF-8"));
        Assert.Equal(1, await AcceptedAsync(Encoding.UTF8.GetBytes($"[{Good}]"), type: "text/plain"));
        AssertRefused(await server.PostAsync("hello"u8.ToArray(), "text/plain"), HttpStatusCode.BadRequest, "item");
    }

    private async Task<int> AcceptedAsync(byte[] body, string? encoding = null, string type = "application/json")
    {
        var (status, answer) = await server.PostAsync(body, type, encoding);
        Assert.True(status == HttpStatusCode.Accepted, answer.ToJsonString());
        Assert.Equal(0, (int)answer["data"]!["rejected"]!);
        return (int)answer["data"]!["accepted"]!;
    }

    [Fact]
    public async Task A_body_past_the_limit_is_refused_before_and_after_decompression()
    {
        var large = new byte[17 * 1024 * 1024];
        Array.Fill(large, (byte)' ');
        AssertRefused(await server.PostAsync(large), HttpStatusCode.RequestEntityTooLarge, "body");
        AssertRefused(await server.PostAsync(Gzip(large), encoding: "gzip"), HttpStatusCode.RequestEntityTooLarge, "body");
    }

    [Fact]
    public async Task An_unknown_content_type_is_refused() =>
        AssertRefused(await server.PostAsync(Encoding.UTF8.GetBytes($"[{Good}]"), "text/xml"), HttpStatusCode.UnsupportedMediaType, "content-type");

    [Fact]
    public async Task An_idempotency_key_that_is_too_long_is_refused() =>
        AssertRefused(await server.SendAsync(new[] { BayouServer.Observation("x", BayouServer.RecentMinute) }, new string('k', 256)),
            HttpStatusCode.BadRequest, "idempotency-key");

    private static void AssertRefused((HttpStatusCode Status, JsonNode Body) answer, HttpStatusCode status, string field)
    {
        Assert.True(answer.Status == status, answer.Body.ToJsonString());
        Assert.Null(answer.Body["data"]);
        Assert.Equal(field, (string)answer.Body["error"]!["details"]![0]!["field"]!);
    }

    private static string With(string field, string json)
    {
        var item = JsonNode.Parse(Good)!.AsObject();
        item.Remove(field);
        return $"{item.ToJsonString()[..^1]},\"{field}\":{json}}}";
    }

    private static byte[] Brotli(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var stream = new BrotliStream(output, CompressionLevel.Fastest))
        {
            stream.Write(bytes);
        }

        return output.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var zip = new GZipStream(output, CompressionLevel.Fastest))
        {
            zip.Write(bytes);
        }

        return output.ToArray();
    }
}
