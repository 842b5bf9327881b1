using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Bayou.Monitor;

/// <summary>
/// Writes what a line carries beside its message: the endpoint it was logged in, scopes, structured state, event, exception. Kept well below what Bayou
/// takes.
/// </summary>
internal sealed class LineMeta
{
    private const int LongestText = 3_000;
    private const int LongestTrace = 6_000;
    private const int MostBytes = 20_000; // of fields; with the rest well below what Bayou takes
    private const int MostFields = 64;
    private const int LongestId = 128;
    private const string Template = "{OriginalFormat}";

    // Else what is not ASCII takes six bytes a character. It is never part of a page.
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<string, object?> _fields = new(StringComparer.Ordinal);
    private readonly List<string> _scopes = [];

    /// <summary>A trace id that the application itself put into a scope or the state, where there is one.</summary>
    public string? TraceId { get; private set; }

    /// <summary>A text as JSON takes it, and no longer than that: half a surrogate pair, which some strings have, becomes U+FFFD.</summary>
    public static byte[] Utf8(string text, int longest) => Encoding.UTF8.GetBytes(text.Length <= longest ? text : string.Concat(text.AsSpan(0, longest), "…"));

    /// <summary>JSON; empty for nothing.</summary>
    public static (byte[] Json, string? TraceId) Of<TState>(
        TState state, EventId eventId, Exception? exception, IExternalScopeProvider scopes, string? endpoint)
    {
        var meta = new LineMeta();
        if (endpoint is not null)
        {
            meta._fields["endpoint"] = endpoint;
        }

        scopes.ForEachScope(static (scope, meta) => meta.AddScope(scope), meta);
        if (state is IEnumerable<KeyValuePair<string, object?>> fields)
        {
            meta.Add(fields);
        }

        return (meta.Write(eventId, exception), meta.TraceId);
    }

    private void AddScope(object? scope)
    {
        if (scope is IEnumerable<KeyValuePair<string, object?>> fields)
        {
            Add(fields);
        }
        else if (scope is not null && _scopes.Count < MostFields)
        {
            _scopes.Add(Text(scope));
        }
    }

    private void Add(IEnumerable<KeyValuePair<string, object?>> fields)
    {
        foreach (var (name, value) in fields)
        {
            if (name is "trace_id" or "TraceId" && value is not null && Text(value) is { Length: > 0 and <= LongestId } trace
                && !trace.AsSpan().ContainsAnyExceptInRange('!', '~'))
            {
                TraceId = trace;
            }
            else if (name != Template && (_fields.Count < MostFields || _fields.ContainsKey(name)))
            {
                _fields[name] = value; // What is nearer to the line counts.
            }
        }
    }

    private byte[] Write(EventId eventId, Exception? exception)
    {
        if (_fields.Count == 0 && _scopes.Count == 0 && eventId.Id == 0 && exception is null)
        {
            return [];
        }

        var output = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(output, Relaxed);
        json.WriteStartObject();
        foreach (var (name, value) in _fields)
        {
            if (json.BytesCommitted + json.BytesPending > MostBytes)
            {
                break;
            }

            json.WritePropertyName(Utf8(name, LongestText));
            WriteValue(json, value);
        }

        if (_scopes.Count > 0)
        {
            json.WriteStartArray("scopes");
            foreach (var scope in _scopes.TakeWhile(_ => json.BytesCommitted + json.BytesPending <= MostBytes))
            {
                json.WriteStringValue(Utf8(scope, LongestText));
            }

            json.WriteEndArray();
        }

        if (eventId.Id != 0)
        {
            json.WriteString("event", eventId.Name ?? eventId.Id.ToString(CultureInfo.InvariantCulture));
        }

        if (exception is not null)
        {
            json.WriteStartObject("exception");
            json.WriteString("type", exception.GetType().FullName);
            json.WriteString("message", Utf8(exception.Message, LongestText));
            json.WriteString("stack_trace", Utf8(exception.ToString(), LongestTrace));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool yes:
                json.WriteBooleanValue(yes);
                break;
            case int or long or short or byte or sbyte or ushort or uint:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case float number when float.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(Utf8(Text(value), LongestText));
                break;
        }
    }

    private static string Text(object value) =>
        value is IFormattable formattable ? formattable.ToString(null, CultureInfo.InvariantCulture) : value.ToString() ?? "";
}
