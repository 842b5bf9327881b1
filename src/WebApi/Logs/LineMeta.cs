using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

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
    public static (string? Json, string Text) Read(ReadOnlySpan<byte> json)
    {
        var isPlain = json.IndexOf("\\u"u8) < 0 && Utf8.IsValid(json);
        var text = new StringBuilder();
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.Null when reader.CurrentDepth == 0:
                    return (null, "");
                case JsonTokenType.String:
                    Append(text, JsonTexts.Read(ref reader));
                    break;
                case JsonTokenType.Number:
                    isPlain &= IsPlain(reader.ValueSpan);
                    Append(text, Encoding.ASCII.GetString(reader.ValueSpan));
                    break;
                case JsonTokenType.True or JsonTokenType.False:
                    Append(text, reader.TokenType == JsonTokenType.True ? "true" : "false");
                    break;
                default:
                    break;
            }
        }

        return (isPlain ? Encoding.UTF8.GetString(json) : Rewritten(json), text.ToString());
    }

    private static void Append(StringBuilder text, string value)
    {
        if (text.Length > 0 && value.Length > 0)
        {
            text.Append('\n');
        }

        text.Append(value);
    }

    private static bool IsPlain(ReadOnlySpan<byte> number)
    {
        var exponent = number.IndexOfAny((byte)'e', (byte)'E');
        return number.Length <= MostDigits && (exponent < 0 || (int.TryParse(number[(exponent + 1)..], out var power) && Math.Abs(power) <= LargestExponent));
    }

    private static string Rewritten(ReadOnlySpan<byte> json)
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
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
