using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bayou.Logs;
using Bayou.Otlp.Protocol;
using Google.Protobuf;

namespace Bayou.Otlp;

/// <summary>What <see cref="LogRecordReader"/> does, plainly, with an object for everything.</summary>
internal static class ObjectReader
{
    public static void Read(ResourceLogs group, DateTimeOffset now, LogBatch batch)
    {
        var finish = new LineFinish(new());
        var resource = group.Resource.Attributes;
        var named = resource.LastOrDefault(one => one.Key == "service.name")?.Value;
        var service = named?.ValueCase == AnyValue.ValueOneofCase.StringValue ? Name(named.StringValue) : "";
        service = service.Length > 0 ? service : "unknown_service";
        foreach (var scope in group.ScopeLogs)
        {
            foreach (var record in scope.LogRecords)
            {
                var level = LevelOf(record);
                var nanoseconds = record.TimeUnixNano != 0 ? record.TimeUnixNano : record.ObservedTimeUnixNano;
                var source = Name(scope.Scope.Name);
                finish.Add(batch, new LogLine
                {
                    Time = DateTime.UnixEpoch.AddTicks((long)(nanoseconds / 100)), Level = level,
                    Source = Encoding.UTF8.GetBytes(source.Length > 0 ? source : service), Service = Encoding.UTF8.GetBytes(service),
                    TraceId = Encoding.UTF8.GetBytes(IdOf(record.TraceId, 16)), Message = Encoding.UTF8.GetBytes(MessageOf(record)),
                }, MetaOf(record, level, resource, scope.Scope), isJson: IsStructured(record));
            }
        }
    }

    private static LineLevel LevelOf(LogRecord record) => (int)record.SeverityNumber switch
    {
        >= 1 and <= 4 => LineLevel.Trace,
        >= 5 and <= 8 => LineLevel.Debug,
        >= 9 and <= 12 => LineLevel.Info,
        >= 13 and <= 16 => LineLevel.Warn,
        >= 17 and <= 20 => LineLevel.Error,
        >= 21 and <= 24 => LineLevel.Fatal,
        _ when LogLevels.TryParse(record.SeverityText, out var named) => named,
        _ when record.SeverityText.Length == 0 => LineLevel.Info,
        _ => LogLevels.Likely(Encoding.UTF8.GetBytes(record.SeverityText)),
    };

    private static bool IsStructured(LogRecord record) =>
        record.Body is { ValueCase: not (AnyValue.ValueOneofCase.None or AnyValue.ValueOneofCase.StringValue) };

    private static string MessageOf(LogRecord record) =>
        record.Body is null or { ValueCase: AnyValue.ValueOneofCase.None } or { StringValue: "", HasStringValue: true } ? Clean(record.EventName)
        : record.Body.HasStringValue ? Clean(record.Body.StringValue)
        : Encoding.UTF8.GetString(Json(writer => Write(writer, record.Body)));

    private static byte[] MetaOf(LogRecord record, LineLevel level, IEnumerable<KeyValue> resource, InstrumentationScope scope)
    {
        var json = Json(writer =>
        {
            writer.WriteStartObject();
            Write(writer, record.Attributes);
            if (IdOf(record.SpanId, 8) is { Length: > 0 } span)
            {
                writer.WriteString("span_id", span);
            }

            if (record.EventName.Length > 0)
            {
                writer.WriteString("event_name", Clean(record.EventName));
            }

            if (record.SeverityText.Length > 0 && !(LogLevels.TryParse(record.SeverityText, out var named) && named == level))
            {
                writer.WriteString("severity_text", Clean(record.SeverityText));
            }

            var told = resource.Where(one => one.Key != "service.name" && !one.Key.StartsWith("telemetry.sdk.", StringComparison.Ordinal)).ToList();
            if (told.Count > 0)
            {
                writer.WriteStartObject("resource");
                Write(writer, told);
                writer.WriteEndObject();
            }

            if (scope.Version.Length > 0 || scope.Attributes.Count > 0)
            {
                writer.WriteStartObject("scope");
                if (scope.Version.Length > 0)
                {
                    writer.WriteString("version", Clean(scope.Version));
                }

                Write(writer, scope.Attributes);
                writer.WriteEndObject();
            }

            if (record.DroppedAttributesCount > 0)
            {
                writer.WriteNumber("dropped_attributes_count", record.DroppedAttributesCount);
            }

            writer.WriteEndObject();
        });
        return json.AsSpan().SequenceEqual("{}"u8) ? [] : json;
    }

    public static void Write(Utf8JsonWriter writer, IEnumerable<KeyValue> attributes)
    {
        foreach (var one in attributes)
        {
            writer.WritePropertyName(Clean(one.Key));
            Write(writer, one.Value ?? new());
        }
    }

    private static void Write(Utf8JsonWriter writer, AnyValue value)
    {
        switch (value.ValueCase)
        {
            case AnyValue.ValueOneofCase.StringValue:
                writer.WriteStringValue(Clean(value.StringValue));
                break;
            case AnyValue.ValueOneofCase.BoolValue:
                writer.WriteBooleanValue(value.BoolValue);
                break;
            case AnyValue.ValueOneofCase.IntValue:
                writer.WriteNumberValue(value.IntValue);
                break;
            case AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue):
                writer.WriteNumberValue(value.DoubleValue);
                break;
            case AnyValue.ValueOneofCase.DoubleValue:
                writer.WriteStringValue(value.DoubleValue.ToString(CultureInfo.InvariantCulture));
                break;
            case AnyValue.ValueOneofCase.BytesValue:
                writer.WriteBase64StringValue(value.BytesValue.Span);
                break;
            case AnyValue.ValueOneofCase.ArrayValue:
                writer.WriteStartArray();
                foreach (var one in value.ArrayValue.Values)
                {
                    Write(writer, one);
                }

                writer.WriteEndArray();
                break;
            case AnyValue.ValueOneofCase.KvlistValue:
                writer.WriteStartObject();
                Write(writer, value.KvlistValue.Values);
                writer.WriteEndObject();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    public static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            write(writer);
        }

        return output.WrittenSpan.ToArray();
    }

    public static string IdOf(ByteString id, int length) =>
        id.Length == length && id.Any(one => one != 0) ? Convert.ToHexStringLower(id.Span) : "";

    public static string Name(string text) => string.Concat(Clean(text.Trim(' ', '\t', '\r', '\n')).Select(c => c < ' ' ? ' ' : c));

    public static string Clean(string text) => text.Replace('\0', '\uFFFD');
}
