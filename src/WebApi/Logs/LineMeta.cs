using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Bayou.Http;

namespace Bayou.Logs;

/// <summary>What a line carries beside its message: JSON that PostgreSQL's jsonb takes, and the values in it as one text for search.</summary>
internal static class LineMeta
{
    public const int MaxBytes = 64 * 1024;

    /// <summary>As the reader has it; jsonb itself takes thousands.</summary>
    public const int MaxDepth = 64;

    // jsonb's numbers have a limit, and what is past it would fail the whole commit. Such a number is kept as the text it was written as.
    private const int MostDigits = 1_000;
    private const int LargestExponent = 400;

    /// <param name="json">Valid JSON, but for texts in it.</param>
    /// <param name="text">The values in it.</param>
    /// <returns>What PostgreSQL takes; empty for null.</returns>
    public static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> json, ArrayBufferWriter<byte> text)
    {
        var isPlain = json.IndexOf("\\u"u8) < 0 && Utf8.IsValid(json);
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.Null when reader.CurrentDepth == 0:
                    return [];
                case JsonTokenType.String when isPlain && !reader.ValueIsEscaped:
                    Append(text, reader.ValueSpan);
                    break;
                case JsonTokenType.String:
                    Append(text, Encoding.UTF8.GetBytes(JsonTexts.Read(ref reader)));
                    break;
                case JsonTokenType.Number:
                    isPlain &= IsPlain(reader.ValueSpan);
                    Append(text, reader.ValueSpan);
                    break;
                case JsonTokenType.True or JsonTokenType.False:
                    Append(text, reader.ValueSpan);
                    break;
                default:
                    break;
            }
        }

        return isPlain ? json : Rewritten(json);
    }

    /// <summary>Adds a value to an object.</summary>
    /// <param name="json">Valid JSON; empty for none.</param>
    /// <returns>Null where it is no object, or has that name already.</returns>
    public static byte[]? TryAdd(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ReadOnlySpan<byte> json)
    {
        json = json.IsEmpty || json.SequenceEqual("null"u8) ? "{}"u8 : json;
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        var isEmpty = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (JsonTexts.Read(ref reader).AsSpan().SequenceEqual(Encoding.UTF8.GetString(name)))
            {
                return null;
            }

            isEmpty = false;
            reader.Read();
            reader.Skip();
        }

        return [.. "{\""u8, .. name, .. "\":"u8, .. value, .. isEmpty ? ""u8 : ","u8, .. json[1..]];
    }

    private static void Append(ArrayBufferWriter<byte> text, ReadOnlySpan<byte> value)
    {
        if (text.WrittenCount > 0)
        {
            text.Write("\n"u8);
        }

        text.Write(value);
    }

    private static bool IsPlain(ReadOnlySpan<byte> number)
    {
        var exponent = number.IndexOfAny((byte)'e', (byte)'E');
        return number.Length <= MostDigits
            && (exponent < 0 || (int.TryParse(number[(exponent + 1)..], out var power) && power is >= -LargestExponent and <= LargestExponent));
    }

    private static ReadOnlySpan<byte> Rewritten(ReadOnlySpan<byte> json)
    {
        var output = new ArrayBufferWriter<byte>(json.Length);
        using var writer = new Utf8JsonWriter(output);
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    writer.WriteStartObject();
                    break;
                case JsonTokenType.EndObject:
                    writer.WriteEndObject();
                    break;
                case JsonTokenType.StartArray:
                    writer.WriteStartArray();
                    break;
                case JsonTokenType.EndArray:
                    writer.WriteEndArray();
                    break;
                case JsonTokenType.PropertyName:
                    writer.WritePropertyName(JsonTexts.Read(ref reader));
                    break;
                case JsonTokenType.String:
                    writer.WriteStringValue(JsonTexts.Read(ref reader));
                    break;
                case JsonTokenType.Number when !IsPlain(reader.ValueSpan):
                    writer.WriteStringValue(reader.ValueSpan);
                    break;
                default:
                    writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                    break;
            }
        }

        writer.Flush();
        return output.WrittenSpan;
    }
}
