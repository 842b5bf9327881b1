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

    private readonly WireWriter _output = new();
    private string _field = "body";

    /// <returns>The message, or what is wrong.</returns>
    public (ReadOnlyMemory<byte> Message, string? Problem) Read(ReadOnlySpan<byte> json, MessageDescriptor descriptor)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            Message(ref reader, descriptor);
            return reader.Read() ? (default, "has more than one JSON value") : (_output.Written, null);
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

    private void Message(ref Utf8JsonReader json, MessageDescriptor descriptor)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException();
        }

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
                Field(ref json, field);
                continue;
            }

            if (json.TokenType != JsonTokenType.StartArray)
            {
                throw new FormatException();
            }

            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                Field(ref json, field);
            }
        }
    }

    private void Field(ref Utf8JsonReader json, FieldDescriptor field)
    {
        var number = field.FieldNumber;
        switch (field.FieldType)
        {
            case FieldType.Message:
                var start = _output.BeginMessage(number);
                Message(ref json, field.MessageType);
                _output.EndMessage(start);
                break;
            case FieldType.String:
                _output.Bytes(number, json.TokenType == JsonTokenType.String ? Encoding.UTF8.GetBytes(JsonTexts.Read(ref json)) : throw new FormatException());
                break;
            case FieldType.Bytes when field.Name.EndsWith("_id", StringComparison.Ordinal):
                _output.Bytes(number, Convert.FromHexString(json.GetString()!));
                break;
            case FieldType.Bytes:
                _output.Bytes(number, Base64(json.GetString()!));
                break;
            case FieldType.Bool:
                _output.Varint(number, json.GetBoolean() ? 1UL : 0);
                break;
            case FieldType.Double:
                _output.Fixed64(number, BitConverter.DoubleToUInt64Bits(Double(ref json)));
                break;
            case FieldType.Fixed64:
                _output.Fixed64(number, checked((ulong)Whole(ref json)));
                break;
            case FieldType.SFixed64:
                _output.Fixed64(number, (ulong)checked((long)Whole(ref json)));
                break;
            case FieldType.UInt64:
                _output.Varint(number, checked((ulong)Whole(ref json)));
                break;
            case FieldType.SInt32:
                var signed = checked((int)Whole(ref json));
                _output.Varint(number, (uint)((signed << 1) ^ (signed >> 31)));
                break;
            case FieldType.Fixed32:
                _output.Fixed32(number, checked((uint)Whole(ref json)));
                break;
            case FieldType.UInt32:
                _output.Varint(number, checked((uint)Whole(ref json)));
                break;
            case FieldType.Enum or FieldType.Int32:
                _output.Varint(number, (ulong)(long)checked((int)Whole(ref json)));
                break;
            case FieldType.Int64:
                _output.Varint(number, (ulong)checked((long)Whole(ref json)));
                break;
            default:
                throw new NotSupportedException($"{field.FullName} is of a type that no message of ours has.");
        }
    }

    /// <summary>A whole number, as a number or as a text, in whatever notation.</summary>
    private static decimal Whole(ref Utf8JsonReader json)
    {
        var text = json.TokenType switch
        {
            JsonTokenType.Number => Encoding.UTF8.GetString(json.ValueSpan),
            JsonTokenType.String => json.GetString()!,
            _ => throw new FormatException(),
        };
        var value = decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return decimal.IsInteger(value) ? value : throw new FormatException();
    }

    private static double Double(ref Utf8JsonReader json) => json.TokenType == JsonTokenType.String
        ? double.Parse(json.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture) : json.GetDouble();

    /// <summary>Either alphabet, padded or not.</summary>
    private static byte[] Base64(string text)
    {
        text = text.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
    }

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
