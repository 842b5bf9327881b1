using System.Buffers.Binary;
using Bayou.Otlp.Protocol;
using Google.Protobuf;

namespace Bayou.Bench;

/// <summary>Traces of a shop's services, of five spans each, as a collector sends them; the same ones each time.</summary>
internal sealed class SpanSource
{
    public const int PerTrace = 5;

    /// <summary>An attribute that so many traces have, where asked for.</summary>
    public const string RareName = "order.voucher";
    public const string RareValue = "SPRING-2026";
    public const int Rare = 50;

    private static readonly string[] Routes = ["/", "/products", "/products/{id}", "/search", "/cart/{id}", "/checkout", "/orders/{id}", "/login"];

    private readonly Random _random = new(7);

    /// <summary>Some trace that was made.</summary>
    public string Trace { get; private set; } = "";

    /// <summary>As protobuf, so many spans a body; ends now.</summary>
    public IEnumerable<byte[]> Bodies(int spans, int perBody, TimeSpan span, bool withRare = false)
    {
        var traces = spans / PerTrace;
        var (start, step) = (DateTimeOffset.UtcNow - span, span / Math.Max(traces, 1));
        var rare = withRare ? Math.Max(1, traces / Rare) : 0;
        for (var at = 0; at < traces;)
        {
            var (shop, pay) = (Group("shop"), Group("payments"));
            for (var n = 0; n < perBody / PerTrace && at < traces; n++, at++)
            {
                Write(shop.ScopeSpans[0], pay.ScopeSpans[0], start + (at * step), rare > 0 && at % rare == rare / 2);
            }

            yield return new ExportTraceServiceRequest { ResourceSpans = { shop, pay } }.ToByteArray();
        }
    }

    private static ResourceSpans Group(string service) => new()
    {
        Resource = new()
        {
            Attributes =
            {
                Text("service.name", service), Text("service.version", "4.2.1"), Text("service.instance.id", $"{service}-7f9c"), Text("host.name", "node-3"),
                Text("telemetry.sdk.language", "go"), Text("telemetry.sdk.name", "opentelemetry"), Text("k8s.pod.name", $"{service}-5d7f-x2x9k"),
            },
        },
        ScopeSpans = { new ScopeSpans { Scope = new() { Name = "go.opentelemetry.io/contrib", Version = "0.58.0" } } },
    };

    private void Write(ScopeSpans shop, ScopeSpans pay, DateTimeOffset begin, bool isRare)
    {
        var trace = Id(16);
        Trace = Convert.ToHexStringLower(trace.Span);
        var start = (ulong)begin.ToUnixTimeMilliseconds() * 1_000_000;
        var (route, fails) = (Routes[_random.Next(Routes.Length)], _random.Next(50) == 0);
        var root = Span(trace, null, $"GET {route}", 2, start, 40 + _random.Next(100),
            Text("http.request.method", "GET"), Text("http.route", route), Number("http.response.status_code", fails ? 500 : 200),
            Text("url.path", route.Replace("{id}", $"{_random.Next(100_000)}", StringComparison.Ordinal)), Text("url.scheme", "https"),
            Text("server.address", "shop.example.com"), Text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"),
            Text("tenant", $"t{_random.Next(500)}"));
        if (isRare)
        {
            root.Attributes.Add(Text(RareName, RareValue));
        }

        if (fails)
        {
            root.Status = new() { Code = Status.Types.StatusCode.Error, Message = "upstream request timeout" };
        }

        var call = Span(trace, root.SpanId, "POST", 3, start + 9_000_000, 25, Text("http.request.method", "POST"), Text("server.address", "payments"),
            Number("http.response.status_code", 201));
        shop.Spans.Add(root);
        shop.Spans.Add(Query(trace, root.SpanId, "SELECT products", start + 1_000_000));
        shop.Spans.Add(call);
        var charge = Span(trace, call.SpanId, "POST /charges", 2, start + 10_000_000, 22, Text("http.request.method", "POST"), Text("http.route", "/charges"),
            Number("http.response.status_code", 201));
        pay.Spans.Add(charge);
        pay.Spans.Add(Query(trace, charge.SpanId, "INSERT ledger", start + 12_000_000));
    }

    private Span Query(ByteString trace, ByteString parent, string name, ulong start) => Span(
        trace, parent, name, 3, start, 1 + _random.Next(8), Text("db.system.name", "postgresql"), Text("db.namespace", "shop"),
        Text("db.query.text", $"{name} WHERE id = $1 AND tenant = $2"), Text("server.address", "db"), Number("db.rows", _random.Next(200)));

    private Span Span(ByteString trace, ByteString? parent, string name, int kind, ulong start, int ms, params KeyValue[] attributes) => new()
    {
        TraceId = trace, SpanId = Id(8), ParentSpanId = parent ?? ByteString.Empty, Name = name, Kind = (Span.Types.SpanKind)kind,
        StartTimeUnixNano = start, EndTimeUnixNano = start + ((ulong)ms * 1_000_000), Attributes = { attributes }, Flags = 0x101,
    };

    private ByteString Id(int bytes)
    {
        Span<byte> id = stackalloc byte[bytes];
        for (var at = 0; at < bytes; at += 8)
        {
            BinaryPrimitives.WriteInt64BigEndian(id[at..], _random.NextInt64(1, long.MaxValue));
        }

        return ByteString.CopyFrom(id);
    }

    private static KeyValue Text(string key, string value) => new() { Key = key, Value = new() { StringValue = value } };

    private static KeyValue Number(string key, long value) => new() { Key = key, Value = new() { IntValue = value } };
}
