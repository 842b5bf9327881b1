using Bayou.Otlp.Protocol;
using CsCheck;
using Google.Protobuf;

namespace Bayou.Otlp;

/// <summary>What all signals' messages are made of, drawn at random.</summary>
internal static class AnyMessages
{
    public static readonly Gen<string> Text = Gen.OneOf(Gen.String[Gen.Char.AlphaNumeric, 0, 20], Gen.String[Gen.Char[' ', '\u07ff'], 0, 5],
        Gen.OneOf(new[] { "", "\0", "\"\\\n", "\ud83d\ude00", "a.b.c", "service.name" }.Select(Gen.Const).ToArray()));

    public static readonly Gen<ByteString> Bytes = Gen.Byte.Array[0, 20].Select(bytes => ByteString.CopyFrom(bytes));

    public static readonly Gen<AnyValue> Any = Gen.Recursive<AnyValue>((depth, any) => Gen.Int[0, depth > 3 ? 5 : 7].SelectMany(kind => kind switch
    {
        0 => Text.Select(text => new AnyValue { StringValue = text }),
        1 => Gen.Bool.Select(value => new AnyValue { BoolValue = value }),
        2 => Gen.Long.Select(value => new AnyValue { IntValue = value }),
        3 => Gen.Double.Select(value => new AnyValue { DoubleValue = value }),
        4 => Bytes.Select(value => new AnyValue { BytesValue = value }),
        5 => Gen.Const(new AnyValue()),
        6 => any.Array[0, 3].Select(values => new AnyValue { ArrayValue = new() { Values = { values } } }),
        _ => Gen.Select(Text, any, (key, value) => new KeyValue { Key = key, Value = value }).Array[0, 3]
            .Select(values => new AnyValue { KvlistValue = new() { Values = { values.DistinctBy(one => one.Key) } } }),
    }));

    public static readonly Gen<KeyValue[]> Attributes = Gen.Select(Text, Any, (key, value) => new KeyValue { Key = key, Value = value }).Array[0, 4]
        .Select(all => all.DistinctBy(one => one.Key).ToArray());

    /// <summary>OTLP has ids in hex, where protobuf's own JSON has base64.</summary>
    public static string HexIds(string json, params ReadOnlySpan<(string Name, ByteString Id)> ids)
    {
        foreach (var (name, id) in ids)
        {
            json = json.Replace($"\"{name}\": \"{id.ToBase64()}\"", $"\"{name}\": \"{Convert.ToHexString(id.Span)}\"", StringComparison.Ordinal);
        }

        return json;
    }
}
