using System.Globalization;
using System.Text;
using System.Text.Json;
using Bayou.Otlp;
using Bayou.Otlp.Protocol;
using static Bayou.Otlp.ObjectReader;
using Record = Bayou.Otlp.Protocol.Span;

namespace Bayou.Traces;

/// <summary>What <see cref="SpanReader"/> does, plainly, with an object for everything.</summary>
internal static class SpanObjects
{
    public static void Read(ResourceSpans group, SpanBatch batch)
    {
        var resource = group.Resource.Attributes;
        var named = resource.LastOrDefault(one => one.Key == "service.name")?.Value;
        var service = named?.ValueCase == AnyValue.ValueOneofCase.StringValue ? Name(named.StringValue) : "";
        service = service.Length > 0 ? service : "unknown_service";
        foreach (var scope in group.ScopeSpans)
        {
            batch.BeginResource(Json(writer => WriteObject(writer, () => Write(writer, resource.Where(one => one.Key != "service.name")))));
            batch.BeginScope(Json(writer => WriteObject(writer, () =>
            {
                if (scope.Scope.Version.Length > 0)
                {
                    writer.WriteString("version", Clean(scope.Scope.Version));
                }

                Write(writer, scope.Scope.Attributes);
            })));
            foreach (var span in scope.Spans.Where(one => IdOf(one.TraceId, 16).Length > 0 && IdOf(one.SpanId, 8).Length > 0))
            {
                batch.Add(Of(span, service, Name(scope.Scope.Name)));
            }
        }
    }

    private static SpanRecord Of(Record span, string service, string scope)
    {
        var parent = span.ParentSpanId.Length == 8 ? long.Parse(Convert.ToHexString(span.ParentSpanId.Span), NumberStyles.HexNumber, null) : 0;
        var isRemote = (span.Flags & 0x100) != 0 ? (span.Flags & 0x200) != 0 : (int)span.Kind is 2 or 5;
        return new()
        {
            StartNanos = span.StartTimeUnixNano,
            Duration = span.EndTimeUnixNano > span.StartTimeUnixNano ? (span.EndTimeUnixNano - span.StartTimeUnixNano) / 1e6 : 0,
            TraceId = span.TraceId.ToByteArray(), SpanId = long.Parse(Convert.ToHexString(span.SpanId.Span), NumberStyles.HexNumber, null),
            ParentId = parent, Kind = (int)span.Kind is >= 0 and <= 5 ? (SpanKind)(int)span.Kind : SpanKind.Unspecified,
            Status = (int)(span.Status?.Code ?? 0) is >= 0 and <= 2 and var code ? (SpanStatus)code : SpanStatus.Unset, IsEntry = parent == 0 || isRemote,
            Service = Encoding.UTF8.GetBytes(service), Name = Encoding.UTF8.GetBytes(span.Name.Length > 0 ? Clean(span.Name) : "unknown"),
            Scope = Encoding.UTF8.GetBytes(scope), 
            StatusMessage = span.Status?.Code == Status.Types.StatusCode.Error ? Encoding.UTF8.GetBytes(Clean(span.Status.Message)) : default,
            TraceState = Encoding.UTF8.GetBytes(Clean(span.TraceState)), Attributes = Attributes(span), Events = Events(span), Links = Links(span),
        };
    }

    private static void WriteObject(Utf8JsonWriter writer, Action write)
    {
        writer.WriteStartObject();
        write();
        writer.WriteEndObject();
    }

    private static byte[] Attributes(Record span) => OrNone(Json(writer =>
    {
        writer.WriteStartObject();
        Write(writer, span.Attributes);
        foreach (var (name, count) in ((string, uint)[])[("attributes", span.DroppedAttributesCount), ("events", span.DroppedEventsCount),
            ("links", span.DroppedLinksCount)])
        {
            if (count > 0)
            {
                writer.WriteNumber($"otel.dropped_{name}_count", count);
            }
        }

        writer.WriteEndObject();
    }));

    private static byte[] Events(Record span) => OrNone(Json(writer =>
    {
        writer.WriteStartArray();
        foreach (var one in span.Events)
        {
            writer.WriteStartObject();
            writer.WriteString("name", Clean(one.Name));
            var time = DateTime.UnixEpoch.AddSeconds(one.TimeUnixNano / 1_000_000_000);
            writer.WriteString("timestamp", string.Create(
                CultureInfo.InvariantCulture, $"{time:yyyy-MM-ddTHH:mm:ss}.{one.TimeUnixNano % 1_000_000_000:D9}Z"));
            writer.WriteStartObject("attributes");
            Write(writer, one.Attributes);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }));

    private static byte[] Links(Record span) => OrNone(Json(writer =>
    {
        writer.WriteStartArray();
        foreach (var one in span.Links.Where(one => IdOf(one.TraceId, 16).Length > 0 && IdOf(one.SpanId, 8).Length > 0))
        {
            writer.WriteStartObject();
            writer.WriteString("trace_id", IdOf(one.TraceId, 16));
            writer.WriteString("span_id", IdOf(one.SpanId, 8));
            if (one.TraceState.Length > 0)
            {
                writer.WriteString("trace_state", Clean(one.TraceState));
            }

            writer.WriteStartObject("attributes");
            Write(writer, one.Attributes);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }));

    private static byte[] OrNone(byte[] json) => json.Length == 2 ? [] : json;
}
