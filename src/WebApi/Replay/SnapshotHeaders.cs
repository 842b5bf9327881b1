using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bayou.Http;
using Bayou.Monitor.Capture;

namespace Bayou.Replay;

/// <summary>The headers of a captured request or its answer, by name in small letters; without what is secret.</summary>
internal sealed class SnapshotHeaders
{
    private const int Most = 200;
    private const int MostBytes = 32 * 1024; // of all together
    private const int LongestName = 200;

    public static readonly SnapshotHeaders None = new();

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>What the message says that its body is.</summary>
    public string? Type => _values.GetValueOrDefault("content-type");

    /// <summary>What a header holds, by its name in small letters; null for none.</summary>
    public string? Value(string name) => _values.GetValueOrDefault(name);

    /// <summary>Reads an object of texts, or of lists of texts.</summary>
    /// <returns>What is wrong with it, in words that follow the field's name, or null.</returns>
    public static string? Read(ref Utf8JsonReader json, out SnapshotHeaders headers)
    {
        headers = new();
        if (json.TokenType != JsonTokenType.StartObject)
        {
            return "must be an object of names, each with a string or a list of strings";
        }

        var (bytes, isCut) = (0, false);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonTexts.Read(ref json).ToLowerInvariant();
            json.Read();
            var value = ValueOf(ref json);
            isCut |= headers._values.Count == Most || name.Length is 0 or > LongestName || bytes + name.Length + value.Length > MostBytes;
            if (!isCut)
            {
                bytes += name.Length + value.Length;
                headers._values[name] = headers._values.TryGetValue(name, out var before) ? $"{before}, {value}" : value;
            }
        }

        return isCut ? $"has more than {Most} names or {MostBytes} bytes; what was beyond is left out" : null;
    }

    /// <returns>Empty for none.</returns>
    public byte[] ToJson()
    {
        if (_values.Count == 0)
        {
            return [];
        }

        var output = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(output, Relaxed);
        json.WriteStartObject();
        foreach (var (name, value) in _values)
        {
            json.WriteString(name, Redactor.Default.Header(name, value));
        }

        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static string ValueOf(ref Utf8JsonReader json)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.String:
                return JsonTexts.Read(ref json);
            case JsonTokenType.StartArray:
                var values = new List<string>();
                while (json.Read() && json.TokenType != JsonTokenType.EndArray)
                {
                    values.Add(ValueOf(ref json));
                }

                return string.Join(", ", values);
            case JsonTokenType.StartObject:
                json.Skip();
                return "";
            case JsonTokenType.Null:
                return "";
            default:
                return System.Text.Encoding.UTF8.GetString(json.ValueSpan);
        }
    }
}
