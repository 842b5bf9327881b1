using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bayou.Http;
using Google.Protobuf.Reflection;
using FieldType = Google.Protobuf.Reflection.FieldType;

namespace Bayou.Otlp;

/// <summary>
/// Turns a request in OTLP's JSON into the bytes that it would be in protobuf, so that one reader reads both. It is protobuf's JSON mapping, but
/// that ids are hex, that enums are numbers, and that unknown fields are passed over (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
/// </summary>
internal sealed class JsonToWire
{
    private static readonly ConcurrentDictionary<MessageDescriptor, Dictionary<string, FieldDescriptor>> Known = new();

    private readonly List<WireWriter> _writers = []; // one for each level of messages
    private string _field = "body";

    /// <returns>Valid until the next; or what is wrong.</returns>
    public (ReadOnlyMemory<byte> Message, string? Problem) Read(ReadOnlySpan<byte> json, MessageDescriptor descriptor)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            var message = Message(ref reader, descriptor, 0).ToArray();
            return reader.Read() ? (default, "has more than one JSON value") : (message, null);
        }
        catch (JsonException e)
        {
            return (default, $"is not valid JSON, or has too many levels (line {e.LineNumber + 1}, byte {e.BytePositionInLine})");
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or OverflowException)
        {
            return (default, $"has a {_field} that cannot be used");
        }
    }

    private ReadOnlySpan<byte> Message(ref Utf8JsonReader json, MessageDescriptor descriptor, int level)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException();
        }

        if (level == _writers.Count)
        {
            _writers.Add(new());
        }

        var output = _writers[level];
        output.Clear();
        var fields = FieldsOf(descriptor);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!fields.TryGetValue(JsonTexts.Read(ref json), out var field))
            {
                json.Skip();
                continue;
            }

            json.Read();
            if (json.TokenType == JsonTokenType.Null)
            {
                continue;
            }

            _field = field.Name;
            if (!field.IsRepeated)
            {
                Field(ref json, field, output, level);
                continue;
            }

            if (json.TokenType != JsonTokenType.StartArray)
            {
                throw new FormatException();
            }

            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                Field(ref json, field, output, level);
            }
        }

        return output.Written;
    }

    private void Field(ref Utf8JsonReader json, FieldDescriptor field, WireWriter output, int level)
    {
        var number = field.FieldNumber;
        switch (field.FieldType)
        {
            case FieldType.Message:
                output.Bytes(number, Message(ref json, field.MessageType, level + 1));
                break;
            case FieldType.String:
                output.Bytes(number, json.TokenType == JsonTokenType.String ? Encoding.UTF8.GetBytes(JsonTexts.Read(ref json)) : throw new FormatException());
                break;
            case FieldType.Bytes when field.Name.EndsWith("_id", StringComparison.Ordinal):
                output.Bytes(number, Convert.FromHexString(json.GetString()!));
                break;
            case FieldType.Bytes:
                output.Bytes(number, json.GetBytesFromBase64());
                break;
            case FieldType.Bool:
                output.Varint(number, json.GetBoolean() ? 1UL : 0);
                break;
            case FieldType.Double:
                output.Fixed64(number, BitConverter.DoubleToUInt64Bits(Double(ref json)));
                break;
            case FieldType.Enum when json.TokenType == JsonTokenType.String && field.EnumType.FindValueByName(json.GetString()!) is { } named:
                output.Varint(number, (ulong)named.Number);
                break;
            case FieldType.Fixed64:
                output.Fixed64(number, (ulong)Integer(ref json));
                break;
            case FieldType.Fixed32:
                output.Fixed32(number, (uint)Integer(ref json));
                break;
            default:
                output.Varint(number, (ulong)(long)Integer(ref json));
                break;
        }
    }

    /// <summary>Of 64 bits, signed or not, as a number or as a text.</summary>
    private static Int128 Integer(ref Utf8JsonReader json)
    {
        var value = json.TokenType switch
        {
            JsonTokenType.Number => Encoding.UTF8.GetString(json.ValueSpan),
            JsonTokenType.String => json.GetString()!,
            _ => throw new FormatException(),
        };
        return checked((Int128)decimal.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture)) is var whole && whole >= long.MinValue
            && whole <= ulong.MaxValue ? whole : throw new OverflowException();
    }

    private static double Double(ref Utf8JsonReader json) => json.TokenType == JsonTokenType.String
        ? double.Parse(json.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture) : json.GetDouble();

    private static Dictionary<string, FieldDescriptor> FieldsOf(MessageDescriptor descriptor) => Known.GetOrAdd(descriptor, of =>
    {
        var fields = new Dictionary<string, FieldDescriptor>(StringComparer.Ordinal);
        foreach (var field in of.Fields.InDeclarationOrder())
        {
            fields[field.JsonName] = fields[field.Name] = field;
        }

        return fields;
    });
}
