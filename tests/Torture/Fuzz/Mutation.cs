using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;

namespace Bayou.Torture;

/// <summary>Values that programs stumble over, and bytes that are nearly right.</summary>
internal static class Mutation
{
    private static readonly string[] Strange =
    [
        "", " ", "0", "-1", "1", "1000", "1001", "2147483648", "9223372036854775807", "9223372036854775808", "1e400", "NaN", "Infinity", "0x10", "٣",
        "1_000", "+5", "1.5", ".5",
        "true", "null", "[]", "{}", "\"", "'", "\\", "%", "%%", "_", "*", "?", "a,b", ",", ",,", "a:b", "-", "--", "-a", "\"open", "(a", "a OR", "NOT", "~",
        "a~2", "/(a+)+$/", "[a", "a{9999}", "^", "$",
        "' OR 1=1 --", "'; DROP TABLE x; --", "$1", "{0}", "%s%n", "<script>alert(1)</script>", "../../etc/passwd", "..\\..", "\0", "a\0b", "\u001b[31mred",
        "\r\nX-Injected: 1", "\ud83d\ude00", "\ufeff", "\u202eabc",
        "e\u0301", "ＡＢＣ", "İı", "ß", "漢字", "2024-01-01", "2024-13-45", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "2026-06-30T23:59:60Z",
        "1700000000", "1700000000000", "now", "-1h", "1m",
        "1h", "1d", "UTC", "Europe/Berlin", "Etc/GMT+20", "asc", "desc", "time", "-time", "service", "5xx", "200", "error", "GET /", "GET /a/{id}", "meta.a",
        "00000000-0000-0000-0000-000000000000",
    ];

    private static readonly string[] Suffixes =
        ["", "", "__gt", "__gte", "__lt", "__lte", "__ne", "__in", "__isnull", "__ilike", "__like", "__startswith", "__istartswith", "__endswith",
            "__contains", "__between", "__regex", "__", "__nosuch", "__gt__lt"];

    public static string Suffix(Random random) => Suffixes[random.Next(Suffixes.Length)];

    public static string Word(Random random) => new([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (char)('a' + random.Next(26)))]);

    /// <summary>Text for a field or a parameter.</summary>
    public static string Text(Random random) => random.Next(20) switch
    {
        < 12 => Strange[random.Next(Strange.Length)],
        < 14 => Strange[random.Next(Strange.Length)] + Strange[random.Next(Strange.Length)],
        14 => new string(Strange[random.Next(1, Strange.Length)][0], 1 << random.Next(18)),
        15 => string.Join(',', Enumerable.Range(0, random.Next(2_000)).Select(i => i)),
        16 => DateTime.UtcNow.AddSeconds(-random.Next(100_000)).ToString("O", CultureInfo.InvariantCulture),
        17 => new([.. Enumerable.Range(0, random.Next(40)).Select(_ => (char)random.Next(0x3000))]),
        18 => random.NextInt64().ToString(CultureInfo.InvariantCulture),
        _ => Word(random),
    };

    public static JsonNode? Json(Random random, int depth = 0) => random.Next(depth > 6 ? 6 : 9) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next(2) == 0),
        2 => JsonValue.Create(random.NextInt64()),
        3 => JsonValue.Create(random.NextDouble() * Math.Pow(10, random.Next(-300, 300))),
        < 6 => JsonValue.Create(Text(random)),
        6 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Json(random, depth + 1))]),
        _ => new JsonObject(Enumerable.Range(0, random.Next(4)).Select(i => KeyValuePair.Create(Text(random) + i, Json(random, depth + 1)))),
    };

    /// <summary>Puts other values into a few of an object's fields, leaves some out and adds some.</summary>
    public static JsonNode? Fields(JsonNode? item, Random random)
    {
        if (item is not JsonObject fields || random.Next(20) == 0)
        {
            return Json(random);
        }

        for (var times = random.Next(4); times > 0 && fields.Count > 0; times--)
        {
            var name = fields.ElementAt(random.Next(fields.Count)).Key;
            if (random.Next(3) == 0)
            {
                fields.Remove(name);
            }
            else
            {
                fields[name] = Json(random);
            }
        }

        if (random.Next(4) == 0)
        {
            fields[Text(random)] = Json(random);
        }

        return fields;
    }

    /// <summary>Cuts, doubles, flips and inserts.</summary>
    public static byte[] Bytes(byte[] bytes, Random random)
    {
        List<byte> changed = [.. bytes];
        for (var times = random.Next(1, 4); times > 0 && changed.Count > 0; times--)
        {
            var at = random.Next(changed.Count);
            switch (random.Next(6))
            {
                case 0:
                    changed.RemoveRange(at, changed.Count - at);
                    break;
                case 1:
                    changed[at] = (byte)random.Next(256);
                    break;
                case 2:
                    changed.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 3:
                    changed.RemoveRange(at, Math.Min(random.Next(1, 9), changed.Count - at));
                    break;
                case 4:
                    changed.InsertRange(at, Enumerable.Repeat((byte)"[{\"\\ "[random.Next(5)], random.Next(1, 2_000)));
                    break;
                default:
                    changed.InsertRange(at, changed.GetRange(0, at));
                    break;
            }
        }

        return [.. changed];
    }

    /// <summary>As a content encoding says, or says wrongly.</summary>
    public static byte[] Encoded(byte[] body, string encoding)
    {
        using var into = new MemoryStream();
        using (Stream? through = encoding switch
        {
            "gzip" => new GZipStream(into, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(into, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(into, CompressionLevel.Fastest, leaveOpen: true),
            _ => null,
        })
        {
            (through ?? into).Write(body);
        }

        return into.ToArray();
    }

    private static byte[][] Pieces { get; } =
        [[0], [0xFF], [0xEF, 0xBB, 0xBF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], "\\u0000"u8.ToArray(), "\\ud800"u8.ToArray(),
            "\n"u8.ToArray(), "\r"u8.ToArray(), ","u8.ToArray(), "}{"u8.ToArray(),
            "1e999"u8.ToArray(), "//"u8.ToArray(), "\u2028"u8.ToArray(), "NaN"u8.ToArray()];

    public static string Escaped(string text)
    {
        var escaped = new StringBuilder();
        foreach (var c in text)
        {
            _ = c is >= ' ' and <= '~' ? escaped.Append(c) : escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
        }

        return escaped.ToString();
    }
}
