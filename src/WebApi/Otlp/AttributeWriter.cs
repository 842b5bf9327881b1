using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Bayou.Otlp;

/// <summary>
/// Writes attributes and values as JSON that PostgreSQL's jsonb takes, within a bound: what is too long is cut, what is too much is left out and counted.
/// </summary>
internal sealed class AttributeWriter : IDisposable
{
    private const int LongestText = 16 * 1024; // bytes of UTF-8, of one value
    private const int MostLevels = 16; // values within values

    private static readonly byte[][] Reserved =
    [
        .. new[] { "resource", "scope", "span_id", "event_name", "severity_text", "dropped_attributes_count" }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly ArrayBufferWriter<byte> _output = new(1_024);
    private readonly Utf8JsonWriter _json;
    private readonly int _mostBytes;
    private readonly bool _hasOwn;

    /// <param name="mostBytes">Of all: nothing more is begun once there are as many.</param>
    /// <param name="hasOwn">Whether Bayou's own names stand beside those of attributes.</param>
    public AttributeWriter(int mostBytes, bool hasOwn = false)
    {
        (_mostBytes, _hasOwn) = (mostBytes, hasOwn);
        _json = new(_output, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    /// <summary>What was written since <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> Written => _output.WrittenSpan;

    /// <summary>Attributes, or values within them, that were left out since then.</summary>
    public int LeftOut { get; private set; }

    private bool IsFull => _json.BytesCommitted + _json.BytesPending > _mostBytes;

    public void Begin()
    {
        _output.ResetWrittenCount();
        _json.Reset();
        LeftOut = 0;
    }

    public void BeginObject() => _json.WriteStartObject();

    /// <summary>An object within another.</summary>
    public void BeginObject(ReadOnlySpan<byte> name) => _json.WriteStartObject(name);

    public void BeginArray() => _json.WriteStartArray();

    public void EndArray()
    {
        _json.WriteEndArray();
        _json.Flush();
    }

    public void EndObject()
    {
        _json.WriteEndObject();
        _json.Flush();
    }

    public void Text(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        _json.WritePropertyName(name);
        Text(value);
    }

    public void Number(ReadOnlySpan<byte> name, long value) => _json.WriteNumber(name, value);

    /// <summary>Counts what is left out by whoever writes, as there is no room.</summary>
    /// <returns>Whether there is room for more.</returns>
    public bool HasRoom()
    {
        LeftOut += IsFull ? 1 : 0;
        return !IsFull;
    }

    /// <summary>Writes JSON as it is.</summary>
    public void Raw(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        _json.WritePropertyName(name);
        _json.WriteRawValue(json, skipInputValidation: true);
    }

    /// <summary>Writes a value without a name: what a line's body is made of.</summary>
    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public void Value(ReadOnlySpan<byte> any)
    {
        Any(any, 0);
        _json.Flush();
    }

    /// <summary>Writes one KeyValue as a property; one of a name that is Bayou's own behind <c>attributes.</c></summary>
    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public void Attribute(ReadOnlySpan<byte> keyValue)
    {
        if (!HasRoom())
        {
            return;
        }

        Split(keyValue, out var key, out var any);
        if (_hasOwn && IsReserved(key))
        {
            _json.WritePropertyName([.. "attributes."u8, .. key]);
        }
        else
        {
            _json.WritePropertyName(Clean(Beginning(key, LongestText)));
        }

        Any(any, 0);
    }

    /// <summary>The key of a KeyValue, and its value as an AnyValue.</summary>
    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public static void Split(ReadOnlySpan<byte> keyValue, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> any)
    {
        key = any = default;
        for (var reader = new WireReader(keyValue); reader.Next();)
        {
            switch (reader.Field)
            {
                case 1:
                    key = reader.Bytes;
                    break;
                case 2:
                    any = reader.Bytes;
                    break;
            }
        }
    }

    /// <summary>The text that an AnyValue is; empty where it is something else.</summary>
    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> any)
    {
        var text = default(ReadOnlySpan<byte>);
        for (var reader = new WireReader(any); reader.Next();)
        {
            text = reader.Field == 1 ? reader.Bytes : IsValue(reader.Field) ? default : text; // Of a oneof the last counts.
        }

        return text;
    }

    /// <summary>The whole number that an AnyValue is, or is the text of; null where it is something else.</summary>
    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public static long? NumberOf(ReadOnlySpan<byte> any)
    {
        var number = default(long?);
        for (var reader = new WireReader(any); reader.Next();)
        {
            number = reader.Field switch
            {
                1 => Utf8Parser.TryParse(reader.Bytes, out long value, out var read) && read == reader.Bytes.Length ? value : null,
                3 => (long)reader.Number,
                var field => IsValue(field) ? null : number,
            };
        }

        return number;
    }

    /// <summary>A text as PostgreSQL takes it: what is no UTF-8, and NUL, become U+FFFD.</summary>
    public static ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> text) => Utf8.IsValid(text) && !text.Contains((byte)0)
        ? text : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text).Replace('\0', '\uFFFD'));

    /// <summary>The beginning of a text, of so many bytes at most, and not within a character.</summary>
    public static ReadOnlySpan<byte> Beginning(ReadOnlySpan<byte> text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }

        while (longest > 0 && (text[longest] & 0xC0) == 0x80)
        {
            longest--;
        }

        return text[..longest];
    }

    public void Dispose() => _json.Dispose();

    private static bool IsReserved(ReadOnlySpan<byte> key)
    {
        foreach (var name in Reserved)
        {
            if (key.SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a field of AnyValue is one that it may be: of others nothing is known.</summary>
    private static bool IsValue(int field) => field is >= 1 and <= 7;

    private void KeyValue(ReadOnlySpan<byte> keyValue, int level)
    {
        Split(keyValue, out var key, out var any);
        _json.WritePropertyName(Clean(Beginning(key, LongestText)));
        Any(any, level);
    }

    private void Any(ReadOnlySpan<byte> any, int level)
    {
        var (field, number) = (0, 0UL);
        var bytes = default(ReadOnlySpan<byte>);
        for (var reader = new WireReader(any); reader.Next();)
        {
            if (IsValue(reader.Field))
            {
                (field, number) = (reader.Field, reader.Number);
                bytes = reader.Bytes;
            }
        }

        switch (field)
        {
            case 1:
                Text(bytes);
                break;
            case 2:
                _json.WriteBooleanValue(number != 0);
                break;
            case 3:
                _json.WriteNumberValue((long)number);
                break;
            case 4 when BitConverter.UInt64BitsToDouble(number) is var real && double.IsFinite(real):
                _json.WriteNumberValue(real);
                break;
            case 4:
                _json.WriteStringValue(BitConverter.UInt64BitsToDouble(number).ToString(CultureInfo.InvariantCulture));
                break;
            case 5 or 6 when level >= MostLevels:
                Text("…"u8);
                break;
            case 5:
                _json.WriteStartArray();
                for (var values = new WireReader(bytes); values.Next();)
                {
                    if (!HasRoom())
                    {
                        break;
                    }

                    if (values.Field == 1)
                    {
                        Any(values.Bytes, level + 1);
                    }
                }

                _json.WriteEndArray();
                break;
            case 6:
                _json.WriteStartObject();
                for (var values = new WireReader(bytes); values.Next();)
                {
                    if (!HasRoom())
                    {
                        break;
                    }

                    if (values.Field == 1)
                    {
                        KeyValue(values.Bytes, level + 1);
                    }
                }

                _json.WriteEndObject();
                break;
            case 7:
                _json.WriteBase64StringValue(bytes[..Math.Min(bytes.Length, LongestText)]);
                break;
            default:
                _json.WriteNullValue();
                break;
        }
    }

    private void Text(ReadOnlySpan<byte> value)
    {
        if (value.Length <= LongestText)
        {
            _json.WriteStringValue(Clean(value));
        }
        else
        {
            var mark = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"… (cut: {value.Length} bytes in all)"));
            _json.WriteStringValue([.. Clean(Beginning(value, LongestText)), .. mark]);
        }
    }
}
