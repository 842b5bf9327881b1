using System.Net;
using Bayou.Otlp.Protocol;
using Bayou.Segments;
using Google.Protobuf;
using static Bayou.Traces.Traced;

namespace Bayou.Traces;

/// <summary>Spans are found by all that they say, whether their segment is sealed or not.</summary>
public sealed class TraceQueryTests : IAsyncLifetime
{
    private readonly ByteString _trace = NewId(16);
    private TestDatabase _database = null!;
    private BayouServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _server = await BayouServer.StartAsync(
            _database, ("Bayou:Enabled", "false"), ("Bayou:Traces:SegmentSpans", "1000"), ("Bayou:Traces:SealAfterSeconds", "0"));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task They_are_found_by_what_they_say_before_and_after_sealing()
    {
        await FillAsync();
        var before = await AskAsync();
        await SealAsync();
        Assert.Equal(before, await AskAsync());
    }

    private static readonly (string Query, int Expected)[] Questions =
    [
        ("service=shop", 4), ("service=shop&spans=entries", 2), ("service=shop&spans=roots", 1), ("trace_id=TRACE", 4), ("trace_id__ne=TRACE&service=shop", 0),
        ("kind=server", 2), ("kind__in=client,server&service=shop", 3), ("status=error", 1), ("status_code__gte=500", 1),
        ("status_code__isnull=true&service=shop", 2),
        ("duration__gt=40&service=shop", 2), ("name__startswith=GET&service=shop", 2), ("endpoint=GET%20%2Forders%2F{id}", 1),
        ("parent_span_id__isnull=true&service=shop", 1), ("search=orders%20shop", 1), ("search=%22no%20such%20basket%22", 1), ("search=ORDERS&service=shop", 1),
        ("search=trace:TRACE", 4), ("search=shop%20-select", 3),
        ("attributes.db.system=postgresql", 1), ("attributes.db.rows=17", 1), ("attributes.db.rows__gt=16", 1), ("attributes.db.rows__gt=17", 0),
        ("attributes.list=%5B%22a%22,%22b%22%5D", 1), ("attributes.odd__name=x", 1), ("attributes.odd__name__ne=y&service=shop", 1),
        ("attributes.cached=true", 1), ("attributes.nested.deep=yes", 1), ("attributes.db.statement__like=select", 1),
        ("attributes.db.system__isnull=false&service=shop", 1),
        ("resource.host.name=a-host&service=shop", 4), ("resource.host.name__like=host&service=shop", 4), ("resource.host.name=other&service=shop", 0),
        ("scope=a.library&service=shop", 4), ("service=filler&limit=1000", 1000),
    ];

    [Theory]
    [InlineData("trace_id=xyz", "trace_id", "must be the 32 hexadecimal digits")]
    [InlineData("span_id=12", "span_id", "must be the 16 hexadecimal digits")]
    [InlineData("kind=sender", "kind", "must be one of unspecified, internal")]
    [InlineData("status__gt=high", "status", "must be one of unset, ok, error")]
    [InlineData("spans=some", "spans", "must be one of all, entries, roots")]
    [InlineData("search=level:error", "search", "has level:, which spans have not")]
    [InlineData("attributes=1", "attributes", "is not known here")]
    [InlineData("trace_id__like=abc", "trace_id", "has no operator like, which is for text")]
    public async Task What_cannot_be_asked_is_refused_by_its_name(string query, string field, string message)
    {
        var (status, body) = await _server.GetAsync($"/traces?{new AlreadyEscaped(query)}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        var error = body["error"]!["details"]![0]!;
        Assert.StartsWith(field, (string)error["field"]!, StringComparison.Ordinal);
        Assert.Contains(message, (string)error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_poller_sees_each_span_once_and_a_stream_those_that_come()
    {
        await Traced.SendAsync(_server, "shop", Span("before"));
        var (_, first) = await _server.GetAsync($"/traces?service=shop");
        var cursor = (long)first["metadata"]!["last_id"]!;
        await Traced.SendAsync(_server, "shop", Span("one"), Span("two"));
        await Traced.SendAsync(_server, "other", Span("three"));
        var (_, next) = await _server.GetAsync($"/traces?service=shop&id__gt={cursor}");
        Assert.Equal(["one", "two"], next["data"]!.AsArray().Select(span => (string)span!["name"]!));
        using var stream = await _server.Http.GetStreamAsync(new Uri($"/traces/stream?service=shop&id__gt={cursor}", UriKind.Relative), BayouServer.Ct);
        using var lines = new StreamReader(stream);
        var heard = new List<string>();
        while (heard.Count < 2 && await lines.ReadLineAsync(BayouServer.Ct) is { } line)
        {
            heard.AddRange(line.StartsWith("data: ", StringComparison.Ordinal) ? [line] : []);
        }

        Assert.Contains("\"one\"", heard[0], StringComparison.Ordinal);
        Assert.Contains("\"two\"", heard[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_map_shows_who_calls_whom()
    {
        var (trace, start) = (NewId(16), Now - 10_000_000_000);
        var entry = Request("/checkout", ms: 90, start: start, trace: trace);
        var call = Span("POST", trace, entry.SpanId, Protocol.Client, 50, start, Attribute("server.address", "pay.example.org"));
        var paid = Request("/charge", 500, 40, start, trace, call.SpanId);
        paid.Status = new() { Code = Status.Types.StatusCode.Error };
        var query = Span("SELECT", trace, paid.SpanId, Protocol.Client, 7, start, Attribute("db.system", "postgresql"));
        var sent = Span("send", trace, paid.SpanId, Protocol.Producer, 1, start, Attribute("messaging.system", "kafka"));
        var unknown = Span("GET", trace, entry.SpanId, Protocol.Client, 3, start, Attribute("server.address", "api.example.org"));
        await Traced.SendAsync(_server, "shop", entry, call, unknown);
        await Traced.SendAsync(_server, "pay", paid, query, sent);
        await Traced.SendAsync(_server, "mail", Span("receive", trace, sent.SpanId, Protocol.Consumer, 2, start));
        var map = await _server.DataAsync($"/traces/map");
        Assert.True((bool)map["is_complete"]!);
        Assert.Equal(
            ["null>shop service 1 0 90", "pay>mail service 1 0 2", "pay>postgresql database 1 0 7", "shop>api.example.org external 1 0 3",
                "shop>pay service 1 1 40"],
            map["edges"]!.AsArray().Select(edge =>
                $"{edge!["caller"]?.ToString() ?? "null"}>{edge["callee"]} {edge["kind"]} {edge["calls"]} {edge["error_rate"]} {edge["p95_latency"]}")
                .Order(StringComparer.Ordinal));
        Assert.Equal(["mail", "pay", "shop"], map["services"]!.AsArray().Select(one => (string)one!["service"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_takes_longer_than_before_is_told_by_name()
    {
        var start = BayouServer.RecentMinute.AddMinutes(-20);
        foreach (var (minutes, ms) in ((int, double)[])[(0, 5), (1, 5), (10, 65), (11, 75)])
        {
            var (trace, at) = (NewId(16), (ulong)start.AddMinutes(minutes).ToUnixTimeMilliseconds() * 1_000_000);
            var root = Request("/orders", ms: 20 + ms, start: at, trace: trace);
            await Traced.SendAsync(_server, "shop", root, Span("SELECT orders", trace, root.SpanId, Protocol.Client, ms, at),
                Span("render", trace, root.SpanId, ms: 10, start: at));
            await Traced.SendAsync(_server, "shop", Request("/other", ms: 500, start: at)); // of another endpoint
        }

        var (from, to) = (start.AddMinutes(10).ToUnixTimeMilliseconds(), start.AddMinutes(20).ToUnixTimeMilliseconds());
        var work = await _server.DataAsync($"/traces/work?service=shop&endpoint=GET%20%2Forders&start_date={from}&end_date={to}");
        Assert.Equal((2, 2), ((int)work["traces"]!, (int)work["previous_traces"]!));
        Assert.Equal(["SELECT orders client 70 5 65 1", "render internal 10 10 0 1"], work["spans"]!.AsArray().Select(span =>
            $"{span!["name"]} {span["kind"]} {span["value"]} {span["previous"]} {span["delta"]} {span["count"]}"));
    }

    private async Task FillAsync()
    {
        var start = Now;
        var root = Request("/orders/{id}", 503, 90, start, _trace);
        root.Status = new() { Code = Status.Types.StatusCode.Error, Message = "no such basket" };
        var query = Span("select", _trace, root.SpanId, Protocol.Client, 50, start, Attribute("db.system", "postgresql"), Attribute("db.rows", 17),
            Attribute("db.statement", "SELECT 1 -- select"));
        query.Attributes.Add(Attribute("odd__name", "x"));
        query.Attributes.Add(new KeyValue
        {
            Key = "list", Value = new() { ArrayValue = new() { Values = { new AnyValue { StringValue = "a" }, new AnyValue { StringValue = "b" } } } },
        });
        query.Attributes.Add(new KeyValue { Key = "cached", Value = new() { BoolValue = true } });
        query.Attributes.Add(new KeyValue
        {
            Key = "nested", Value = new() { KvlistValue = new() { Values = { Attribute("deep", "yes") } } },
        });
        await Traced.SendAsync(_server, "shop", root, query, Span("work", _trace, root.SpanId, start: start),
            Request("/next", 200, 20, start, _trace, query.SpanId));
        await Traced.SendAsync(_server, "filler", [.. Enumerable.Range(0, 2_500).Select(i => Span($"filler {i % 7}", start: start))]);
    }

    private async Task<string> AskAsync()
    {
        var answers = new List<string>();
        foreach (var (query, expected) in Questions)
        {
            var asked = new AlreadyEscaped(query.Replace("TRACE", Hex(_trace), StringComparison.Ordinal));
            var rows = (await _server.DataAsync($"/traces?{asked}{new AlreadyEscaped(query.Contains("limit") ? "" : "&limit=100")}")).AsArray();
            Assert.True(expected == rows.Count, $"{query} finds {rows.Count} spans, not {expected}");
            answers.Add($"{query} {rows.ToJsonString()}");
        }

        foreach (var query in (string[])["", "service=shop", "spans=entries", "spans=roots", "search=shop", "attributes.db.rows=17"])
        {
            answers.Add((await _server.DataAsync($"/traces/facets?{new AlreadyEscaped(query)}")).ToJsonString());
        }

        answers.Add((await _server.DataAsync($"/traces/{Hex(_trace)}")).ToJsonString());
        return string.Join('\n', answers);
    }

    private async Task SealAsync()
    {
        await using (var close = _server.Db.CreateCommand(
            "UPDATE span_segments SET state = 'closed', changed_at = now() - interval '1 day' WHERE state = 'hot'"))
        {
            await close.ExecuteNonQueryAsync(BayouServer.Ct);
        }

        Assert.True(await _server.Get<SegmentKeeper<SpanSegments>>().SealAllAsync(BayouServer.Ct) > 0);
        await using var open = _server.Db.CreateCommand("SELECT count(*) FROM span_segments WHERE state IN ('hot', 'closed')");
        Assert.Equal(0L, await open.ExecuteScalarAsync(BayouServer.Ct));
    }
}
