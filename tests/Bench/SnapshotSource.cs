using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Bayou.Bench;

/// <summary>Captured requests of about 2 KB as a shop's services send them, over the last day; the same ones each time.</summary>
internal sealed class SnapshotSource
{
    /// <summary>A word that <see cref="Rare"/> of them have, where asked for.</summary>
    public const string RareWord = "zebraquartz";
    public const int Rare = 20;

    private static readonly string[] Words =
        ["blue", "cotton", "lamp", "oak", "table", "steel", "bottle", "linen", "shirt", "garden", "chair", "silver", "spoon", "winter", "coat", "paper"];

    private readonly Random _random = new(11);

    /// <summary>As NDJSON, so many a body; ends now.</summary>
    public IEnumerable<byte[]> Bodies(int count, int perBody, TimeSpan span, bool withRare = false)
    {
        var now = DateTimeOffset.UtcNow;
        for (var at = 0; at < count; at += perBody)
        {
            var text = new StringBuilder();
            for (var i = at; i < Math.Min(at + perBody, count); i++)
            {
                var isRare = withRare && i % Math.Max(1, count / Rare) == 7;
                text.Append(One(now - (span * ((count - i) / (double)count)), isRare)).Append('\n');
            }

            yield return Encoding.UTF8.GetBytes(text.ToString());
        }
    }

    private string One(DateTimeOffset time, bool isRare)
    {
        var status = _random.Next(100) switch { < 3 => 500, < 8 => 404, _ => 201 };
        return new JsonObject
        {
            ["service"] = $"shop{_random.Next(4)}", ["method"] = "POST", ["path"] = $"/orders/{_random.Next(1_000_000)}/items",
            ["route"] = "/orders/{id}/items", ["query"] = $"page={_random.Next(9)}", ["status_code"] = status, ["duration"] = _random.Next(1, 400),
            ["time"] = time.ToUnixTimeMilliseconds(), ["trace_id"] = $"{_random.NextInt64():x16}{_random.NextInt64():x16}",
            ["user_id"] = $"user{_random.Next(100_000)}", ["version"] = $"1.{_random.Next(9)}", ["stage"] = "production",
            ["headers"] = new JsonObject
            {
                ["host"] = "shop.example.com", ["accept"] = "application/json", ["content-type"] = "application/json", ["cf-ipcountry"] = "FR",
                ["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
            },
            ["body"] = new JsonObject
            {
                ["customer"] = new JsonObject { ["id"] = _random.Next(1_000_000), ["email"] = $"u{_random.Next(1_000_000)}@example.com" },
                ["items"] = Six(() => new()
                {
                    ["sku"] = Sku(), ["name"] = $"{Word()} {Word()} {Word()}", ["quantity"] = _random.Next(1, 9), ["price"] = _random.Next(100, 9_999) / 100.0,
                }),
                ["note"] = isRare ? RareWord : $"{Word()} {Word()} {Word()} {Word()}",
            },
            ["response_headers"] = new JsonObject { ["content-type"] = "application/json", ["x-request-id"] = $"{_random.NextInt64():x16}" },
            ["response_body"] = new JsonObject
            {
                ["order_id"] = _random.Next(), ["status"] = "accepted",
                ["lines"] = Six(() => new() { ["sku"] = Sku(), ["reserved"] = true, ["warehouse"] = $"W{_random.Next(20)}" }),
            },
        }.ToJsonString();
    }

    private string Sku() => $"SKU-{_random.Next(1_000_000).ToString("000000", CultureInfo.InvariantCulture)}";

    private static JsonArray Six(Func<JsonObject> one) => new([.. Enumerable.Range(0, 6).Select(_ => (JsonNode)one())]);

    private string Word() => Words[_random.Next(Words.Length)];
}
