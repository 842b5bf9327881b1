using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Bayou.Otlp;
using Bayou.Otlp.Protocol;
using Bayou.Segments;
using Google.Protobuf;
using static Bayou.Traces.Traced;

namespace Bayou.Traces;

/// <summary>Spans: taken in by OTLP, listed, found by what they say, and whole traces.</summary>
public sealed class TraceTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task A_span_as_the_specification_shows_it_in_JSON_is_given_back_field_by_field()
    {
        // As in the specification's examples, at another time, and with an event, a link and a status.
        var service = BayouServer.NewService();
        var second = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var body = """
            {
              "resourceSpans": [{
                "resource": { "attributes": [
                  { "key": "service.name", "value": { "stringValue": "SERVICE" } }, { "key": "telemetry.sdk.language", "value": { "stringValue": "go" } }] },
                "scopeSpans": [{
                  "scope": {
                    "name": "my.library", "version": "1.0.0",
                    "attributes": [{ "key": "my.scope.attribute", "value": { "stringValue": "some scope attribute" } }]
                  },
                  "spans": [{
                    "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "parentSpanId": "EEE19B7EC3C1B173",
                    "traceState": "a=1", "name": "I'm a server span", "startTimeUnixNano": "SECOND123456789", "endTimeUnixNano": "SECOND135956789",
                    "kind": 2, "flags": 257, "attributes": [{ "key": "my.span.attr", "value": { "stringValue": "some value" } }],
                    "droppedAttributesCount": 2,
                    "events": [{ "timeUnixNano": "SECOND130000001", "name": "exception",
                      "attributes": [{ "key": "exception.type", "value": { "stringValue": "Oops" } }] }],
                    "links": [{ "traceId": "5B8EFFF798038103D269B633813FC60D", "spanId": "EEE19B7EC3C1B175",
                      "attributes": [{ "key": "why", "value": { "intValue": 1 } }] }],
                    "status": { "code": 2, "message": "it broke" }
                  }]
                }]
              }]
            }
            """.Replace("SECOND", $"{second}", StringComparison.Ordinal).Replace("SERVICE", service, StringComparison.Ordinal);
        var (status, answer) = await PostAsync(server, Encoding.UTF8.GetBytes(body), OtlpEndpoints.Json);
        Assert.Equal((HttpStatusCode.OK, "{}"), (status, Encoding.UTF8.GetString(answer)));

        var trace = await server.DataAsync($"/traces/5b8efff798038103d269b633813fc60c");
        Assert.Equal(12.5, (double)trace["duration"]!);
        Assert.Equal(1, (int)trace["errors"]!);
        Assert.False((bool)trace["has_more"]!);
        var span = Assert.Single(trace["spans"]!.AsArray())!.AsObject();
        var at = DateTimeOffset.FromUnixTimeSeconds(second).UtcDateTime;
        span.Remove("id");
        span.Remove("ingested_at");
        Assert.Equal(
            $$$$"""
            {"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","parent_span_id":"eee19b7ec3c1b173","service":"{{{{service}}}}",
            "name":"I\u0027m a server span","kind":"server","endpoint":null,"status":"error","status_message":"it broke","status_code":null,"duration":12.5,
            "timestamp":"{{{{at:yyyy-MM-ddTHH:mm:ss}}}}.123456789Z","is_entry":false,"scope":"my.library","trace_state":"a=1",
            "attributes":{"my.span.attr":"some value","otel.dropped_attributes_count":2},
            "events":[{"name":"exception","timestamp":"{{{{at:yyyy-MM-ddTHH:mm:ss}}}}.130000001Z","attributes":{"exception.type":"Oops"}}],
            "links":[{"span_id":"eee19b7ec3c1b175","trace_id":"5b8efff798038103d269b633813fc60d","attributes":{"why":1}}],
            "resource":{"telemetry.sdk.language":"go"},"scope_attributes":{"version":"1.0.0","my.scope.attribute":"some scope attribute"}}
            """.ReplaceLineEndings(""),
            span.ToJsonString());
        Assert.Equal(span.ToJsonString(), Without((await server.DataAsync($"/traces?service={service}")).AsArray().Single()!, "id", "ingested_at"));
        var small = (await server.DataAsync($"/traces?service={service}&details=false")).AsArray().Single()!;
        Assert.Null(small["attributes"]);
        Assert.Null(small["resource"]);
    }

    [Fact]
    public async Task The_same_bytes_count_once_as_spans_and_as_requests()
    {
        var service = BayouServer.NewService();
        var request = Of(service, Request("/orders/{id}"), Request("/orders/{id}", 503), Span("inside")).ToByteArray();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, request)).Status);
        }

        Assert.Equal(3, (await server.DataAsync($"/traces?service={service}")).AsArray().Count);
        await server.CountedAsync(service, 2);
        var window = Assert.Single((await server.DataAsync($"/metrics?service={service}")).AsArray())!;
        Assert.Equal(("GET /orders/{id}", 2L, 1L), ((string)window["endpoint"]!, (long)window["traffic_count"]!, (long)window["status_5xx"]!));
        Assert.Equal("""["spans"]""", (await ServiceAsync(service))["origins"]!.ToJsonString());
    }

    [Fact]
    public async Task A_service_that_sends_requests_and_spans_counts_once_by_the_better_of_a_minute()
    {
        var service = BayouServer.NewService();
        var first = new DateTimeOffset(DateTime.UtcNow.Date.AddDays(-2).AddHours(3), TimeSpan.Zero);
        var second = first.AddMinutes(1);
        await server.SendAsync(new[] { BayouServer.Observation(service, first, "/a"), BayouServer.Observation(service, first, "/a", 500) });
        await Traced.SendAsync(
            server, service, Request("/a", start: Nanos(first)), Request("/a", start: Nanos(first)), Request("/a", start: Nanos(first)),
            Request("/a", start: Nanos(second)), Request("/b", start: Nanos(second)), Request("/b", start: Nanos(second)));
        await server.CountedAsync(service, 2 + 6);
        await CountsAsync(2 + 3);
        await server.RollUpAsync();
        await CountsAsync(2 + 3);

        // What is better counts though it comes late.
        await server.SendAsync(new[] { BayouServer.Observation(service, second, "/a") });
        await server.CountedAsync(service, 2 + 6 + 1);
        await CountsAsync(2 + 1);
        await server.RollUpAsync();
        await CountsAsync(2 + 1);
        Assert.Equal("""["requests","spans"]""", (await ServiceAsync(service))["origins"]!.ToJsonString());
        Assert.Equal(2, (await server.DataAsync($"/metrics/endpoints?service={service}")).AsArray().Count);

        async Task CountsAsync(long requests)
        {
            foreach (var hours in (int[])[1, 24])
            {
                var (start, end) = (first.Date, first.AddHours(hours));
                var range = new AlreadyEscaped($"service={service}&start_date={start:yyyy-MM-dd}T00:00:00Z&end_date={end:yyyy-MM-ddTHH}:00:00Z");
                var rows = (await server.DataAsync($"/metrics?{range}&limit=100")).AsArray();
                Assert.Equal(requests, rows.Sum(row => (long)row!["traffic_count"]!));
                Assert.Equal(requests, (long)(await server.DataAsync($"/metrics/summary?{range}"))["traffic"]!["value"]!);
                foreach (var dimension in (string[])["endpoint", "service"])
                {
                    var top = (await server.DataAsync($"/metrics/top?dimension={dimension}&by=traffic&{range}")).AsArray();
                    Assert.Equal(requests, top.Sum(row => (long)row!["traffic_count"]!));
                }
            }
        }
    }

    [Fact]
    public async Task What_cannot_be_kept_is_told_of_and_the_rest_is_kept()
    {
        var service = BayouServer.NewService();
        Span[] spans =
        [
            Span("good"), Span("no trace"), Span("short"), Span("zeros"), Span("old", start: 1), Span("no time"), Span("next year"), Span("backwards"),
        ];
        spans[1].TraceId = ByteString.Empty;
        spans[2].SpanId = ByteString.CopyFrom(1, 2, 3);
        spans[3].TraceId = ByteString.CopyFrom(new byte[16]);
        spans[5].StartTimeUnixNano = 0;
        spans[6].StartTimeUnixNano += 365UL * 86_400 * 1_000_000_000;
        spans[7].EndTimeUnixNano = spans[7].StartTimeUnixNano - 1_000;
        spans[7].ParentSpanId = ByteString.CopyFrom(1, 2, 3); // no id: so it has none
        spans[7].Kind = (Bayou.Otlp.Protocol.Span.Types.SpanKind)77;
        spans[7].Name = "";
        var (status, answer) = await PostAsync(server, Of(service, spans).ToByteArray());
        var told = ExportResponse.Parser.ParseFrom(answer).PartialSuccess;
        Assert.Equal((HttpStatusCode.OK, 6L), (status, told.Rejected));
        Assert.Equal("trace_id must be 16 bytes that are not all 0", told.ErrorMessage);
        var kept = (await server.DataAsync($"/traces?service={service}&order_by=id&order=asc")).AsArray();
        Assert.Equal(["good", "unknown"], kept.Select(span => (string)span!["name"]!));
        Assert.Equal((0.0, "unspecified"), ((double)kept[1]!["duration"]!, (string)kept[1]!["kind"]!));
        Assert.Null(kept[1]!["parent_span_id"]);
    }

    [Fact]
    public async Task Traces_of_every_shape_are_given_as_they_are()
    {
        var service = BayouServer.NewService();
        var trace = NewId(16);
        var (a, b) = (Span("a", trace), Span("b", trace));
        (a.ParentSpanId, b.ParentSpanId) = (b.SpanId, a.SpanId); // a cycle
        var orphan = Span("orphan", trace, parent: NewId(8));
        await Traced.SendAsync(server, service, a, b, orphan, Span("root", trace), Span("another root", trace));
        Assert.Equal(5, (await server.DataAsync($"/traces/{Hex(trace)}"))["spans"]!.AsArray().Count);
        Assert.Equal(2, (await server.DataAsync($"/traces?service={service}&spans=roots")).AsArray().Count);
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"/traces/{Hex(NewId(16))}")).Status);
        var (status, body) = await server.GetAsync($"/traces/no-id");
        Assert.Equal((HttpStatusCode.BadRequest, "trace_id"), (status, (string)body["error"]!["details"]![0]!["field"]!));
    }

    [Fact]
    public async Task A_trace_of_a_hundred_thousand_spans_is_given_as_far_as_a_page_shows_it()
    {
        var service = BayouServer.NewService();
        var trace = NewId(16);
        var start = Now - 60_000_000_000;
        for (var part = 0; part < 4; part++)
        {
            var spans = Enumerable.Range(part * 25_000, 25_000).Select(i => Span($"{i}", trace, start: start + ((ulong)i * 1_000)));
            await Traced.SendAsync(server, service, [.. spans]);
        }

        var found = await server.DataAsync($"/traces/{Hex(trace)}");
        Assert.True((bool)found["has_more"]!);
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"{i}"), found["spans"]!.AsArray().Select(span => (string)span!["name"]!));
    }

    [Fact]
    public async Task Secrets_are_taken_out_of_attributes_events_and_messages()
    {
        var service = BayouServer.NewService();
        var span = Span("login", attributes: [Attribute("http.request.header.authorization", "Bearer abcdef0123456789abcdef"),
            Attribute("url.full", "https://example.org/?token=f00ba4f00ba4"), Attribute("db.password", "hunter2x")]);
        span.Status = new() { Message = "password=hunter2x was wrong", Code = Status.Types.StatusCode.Error };
        span.Events.Add(new Bayou.Otlp.Protocol.Span.Types.Event { Name = "tried", Attributes = { Attribute("password", "hunter2x") } });
        span.Links.Add(new Bayou.Otlp.Protocol.Span.Types.Link { TraceId = NewId(16), SpanId = NewId(8), Attributes = { Attribute("api_key", "hunter2x") } });
        var request = Of(service, span);
        request.ResourceSpans[0].Resource.Attributes.Add(Attribute("process.command_line", "java --db.password=hunter2x -jar a.jar"));
        request.ResourceSpans[0].ScopeSpans[0].Scope.Attributes.Add(Attribute("token", "hunter2x"));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, request.ToByteArray())).Status);
        var row = (await server.DataAsync($"/traces?service={service}")).AsArray().Single()!.ToJsonString();
        Assert.DoesNotContain("hunter2x", row, StringComparison.Ordinal);
        Assert.DoesNotContain("abcdef0123456789", row, StringComparison.Ordinal);
        Assert.DoesNotContain("f00ba4f00ba4", row, StringComparison.Ordinal);
        Assert.Contains("[redacted", row, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_long_is_cut_and_counted()
    {
        var service = BayouServer.NewService();
        var span = Span(new string('n', 10_000), attributes: [Attribute("long", new string('ä', 2_000_000)),
            .. Enumerable.Range(0, 10_000).Select(i => Attribute($"k{i}", i))]);
        span.Events.Add(Enumerable.Range(0, 10_000).Select(i => new Bayou.Otlp.Protocol.Span.Types.Event { Name = $"event {i}", TimeUnixNano = Now }));
        await Traced.SendAsync(server, service, span);
        var row = (await server.DataAsync($"/traces?service={service}")).AsArray().Single()!;
        Assert.Equal(1_000, ((string)row["name"]!).Length);
        Assert.EndsWith("… (cut: 4000000 bytes in all)", (string)row["attributes"]!["long"]!, StringComparison.Ordinal);
        var attributes = row["attributes"]!.AsObject();
        Assert.Equal(10_000 - attributes.Count(one => one.Key.StartsWith('k')), (int)attributes["otel.dropped_attributes_count"]!);
        Assert.Equal(10_000 - row["events"]!.AsArray().Count, (int)attributes["otel.dropped_events_count"]!);
    }

    [Fact]
    public async Task What_made_nothing_is_not_kept_and_many_libraries_of_one_process_cost_no_more_than_themselves()
    {
        var service = BayouServer.NewService();
        var request = Of(service, Span("one"));
        request.ResourceSpans[0].Resource.Attributes.Add(Attribute("long", new string('x', 7_000)));
        var before = await CountAsync();
        request.ResourceSpans[0].ScopeSpans.Add(Enumerable.Range(0, 4_000).Select(i => new ScopeSpans { Scope = new() { Version = $"{service}-{i}" } }));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, request.ToByteArray())).Status);
        Assert.InRange(await CountAsync() - before, 1, 2);

        async Task<long> CountAsync()
        {
            await using var command = server.Db.CreateCommand("SELECT count(*) FROM span_resources");
            return (long)(await command.ExecuteScalarAsync(BayouServer.Ct))!;
        }
    }

    [Fact]
    public async Task A_service_that_is_known_already_takes_no_place_for_its_spans()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var small = await BayouServer.StartAsync(
            database, ("Bayou:Enabled", "false"), ("Bayou:Metrics:MaxServices", "1"), ("Bayou:Metrics:MaxEndpoints", "1"));
        await small.SendAsync(new[] { BayouServer.Observation("known", BayouServer.RecentMinute, "/a") });
        await Traced.SendAsync(small, "known", Request("/a", start: Nanos(BayouServer.RecentMinute)), Request("/a"));
        await small.CountedAsync("known", 3);
        var rows = (await small.DataAsync($"/metrics?limit=100")).AsArray();
        Assert.Equal(2, rows.Sum(row => (long)row!["traffic_count"]!));
        Assert.All(rows, row => Assert.Equal(("known", "GET /a"), ((string)row!["service"]!, (string)row["endpoint"]!)));
    }

    [Fact]
    public async Task A_request_of_too_many_spans_is_refused_whole()
    {
        var many = new ScopeSpans { Spans = { Enumerable.Range(0, 100_001).Select(_ => new Span()) } };
        var request = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { ScopeSpans = { many } } } };
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(server, request.ToByteArray())).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(server, [0x0A, 0x7F])).Status);
    }

    private async Task<JsonNode> ServiceAsync(string service) =>
        (await server.DataAsync($"/metrics/services")).AsArray().Single(one => (string)one!["service"]! == service)!;

    private static ulong Nanos(DateTimeOffset time) => (ulong)time.ToUnixTimeMilliseconds() * 1_000_000;

    private static string Without(JsonNode row, params string[] names)
    {
        foreach (var name in names)
        {
            row.AsObject().Remove(name);
        }

        return row.ToJsonString();
    }
}
