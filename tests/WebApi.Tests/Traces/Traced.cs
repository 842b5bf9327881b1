using System.Net;
using System.Net.Http.Headers;
using Bayou.Otlp;
using Bayou.Otlp.Protocol;
using Google.Protobuf;

namespace Bayou.Traces;

/// <summary>Spans to send, and the way there.</summary>
internal static class Traced
{
    private static readonly Random Random = new();

    /// <summary>Nanoseconds since the epoch.</summary>
    public static ulong Now => (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000;

    public static ByteString NewId(int bytes)
    {
        var id = new byte[bytes];
        Random.NextBytes(id);
        id[0] |= 1; // never all zeros
        return ByteString.CopyFrom(id);
    }

    public static KeyValue Attribute(string key, string value) => new() { Key = key, Value = new() { StringValue = value } };

    public static KeyValue Attribute(string key, long value) => new() { Key = key, Value = new() { IntValue = value } };

    /// <param name="ms">How long it took.</param>
    public static Span Span(
        string name, ByteString? trace = null, ByteString? parent = null, Protocol kind = Protocol.Internal, double ms = 5, ulong? start = null,
        params KeyValue[] attributes)
    {
        var begin = start ?? Now;
        return new()
        {
            TraceId = trace ?? NewId(16), SpanId = NewId(8), ParentSpanId = parent ?? ByteString.Empty, Name = name,
            Kind = (Bayou.Otlp.Protocol.Span.Types.SpanKind)kind, StartTimeUnixNano = begin, EndTimeUnixNano = begin + (ulong)(ms * 1_000_000),
            Attributes = { attributes },
        };
    }

    /// <summary>A server's span of an HTTP request.</summary>
    public static Span Request(string route, long status = 200, double ms = 5, ulong? start = null, ByteString? trace = null, ByteString? parent = null) =>
        Span($"GET {route}", trace, parent, Protocol.Server, ms, start,
            Attribute("http.request.method", "GET"), Attribute("http.route", route), Attribute("http.response.status_code", status));

    public static ExportTraceServiceRequest Of(string service, params Span[] spans) => new()
    {
        ResourceSpans =
        {
            new ResourceSpans
            {
                Resource = new() { Attributes = { Attribute("service.name", service), Attribute("host.name", "a-host") } },
                ScopeSpans = { new ScopeSpans { Scope = new() { Name = "a.library", Version = "2.1" }, Spans = { spans } } },
            },
        },
    };

    public static async Task<(HttpStatusCode Status, byte[] Answer)> PostAsync(BayouServer server, byte[] body, string type = OtlpEndpoints.Protobuf)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
        using var response = await server.Http.PostAsync(new Uri("/v1/traces", UriKind.Relative), content, BayouServer.Ct);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(BayouServer.Ct));
    }

    public static async Task SendAsync(BayouServer server, string service, params Span[] spans)
    {
        var (status, answer) = await PostAsync(server, Of(service, spans).ToByteArray());
        Assert.Equal((HttpStatusCode.OK, 0), (status, answer.Length));
    }

    public static string Hex(ByteString id) => Convert.ToHexStringLower(id.Span);

    /// <summary>As OpenTelemetry numbers them.</summary>
    public enum Protocol
    {
        Internal = 1,
        Server = 2,
        Client = 3,
        Producer = 4,
        Consumer = 5,
    }
}
