using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Bayou.Torture;

/// <summary>A request that may be wrong anywhere.</summary>
/// <param name="IsWhole">Whether it is HTTP, and all of it, so that an answer must come.</param>
internal sealed record FuzzRequest(Address Address, string Method, byte[] Bytes, bool IsWhole)
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X"];
    private static readonly string[] Encodings = ["gzip", "br", "deflate", "identity", "zstd", "gzip, br", ""];

    private static readonly string[] Escapes = ["%FF", "%", "%zz", "%C3", "%ED%A0%80", "+", "%00"];

    private static readonly string[] Types =
    [
        "application/json", "application/json; charset=utf-8", "application/json; charset=nosuch", "application/x-ndjson", "text/plain", "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded", "", ";;;", "application/json; charset=utf-16",
    ];

    public static FuzzRequest Make(IReadOnlyList<Address> addresses, Vocabulary vocabulary, Random random)
    {
        var address = addresses[random.Next(addresses.Count)];
        var method = random.Next(25) == 0 ? Methods[random.Next(Methods.Length)] : address.Method;
        var body = address.Item is not null || random.Next(40) == 0 ? Body(address, vocabulary, random) : null;
        var headers = Headers(random, body);
        if (body is not null && random.Next(6) == 0)
        {
            body = InEncoding(body, headers, random);
        }

        return Of(address, method, Target(address, vocabulary, random), headers, body, random);
    }

    /// <summary>One that is right, but for a parameter.</summary>
    public static FuzzRequest Asking(Address address, string parameter, string value) =>
        Of(address, address.Method, $"{address.Path.Replace("{id}", "1", StringComparison.Ordinal)}?{parameter}={Uri.EscapeDataString(value)}", [], null, null);

    /// <summary>One that is right.</summary>
    public static FuzzRequest Sending(Address address, byte[] body) =>
        Of(address, address.Method, address.Path, ["Content-Type: application/json"], body, null);

    public override string ToString()
    {
        var text = Mutation.Escaped(Encoding.Latin1.GetString(Bytes));
        return text.Length > 1_500 ? $"{text[..1_500]}… ({Bytes.Length} bytes)" : text;
    }

    private static FuzzRequest Of(Address address, string method, string target, List<string> headers, byte[]? body, Random? random)
    {
        var isWhole = true;
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
        if (random?.Next(20) != 0)
        {
            head.Append(CultureInfo.InvariantCulture, $"Authorization: Bearer {Nodes.Token}\r\n");
        }

        foreach (var header in headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{header}\r\n");
        }

        var length = body?.Length ?? 0;
        if (body is not null)
        {
            if (random?.Next(50) == 0)
            {
                (length, isWhole) = (random.Next(2 * length + 2), false);
            }

            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n");
        }

        byte[] bytes = [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body ?? []];
        return random?.Next(20) == 0 ? new(address, method, Mutation.Bytes(bytes, random), false) : new(address, method, bytes, isWhole);
    }

    private static string Target(Address address, Vocabulary vocabulary, Random random)
    {
        var path = address.Path.Replace("{id}",
            random.Next(3) == 0 ? Escaped(Mutation.Text(random), random)
            : random.Next(10_000).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        if (random.Next(30) == 0)
        {
            path += $"/{Escaped(Mutation.Text(random), random)}";
        }

        var query = string.Join('&', Enumerable.Range(0, random.Next(5)).Select(_ => Parameter(address, vocabulary, random)));
        var target = query.Length > 0 ? $"{path}?{query}" : path;
        return target.Length > 60_000 ? target[..60_000].TrimEnd('%') : target;
    }

    private static string Parameter(Address address, Vocabulary vocabulary, Random random)
    {
        var name = address.Query.Count > 0 && random.Next(12) > 0 ? address.Query[random.Next(address.Query.Count)] : random.Next(2) == 0
            ? $"meta.{Mutation.Word(random)}" : Mutation.Text(random);
        var value = random.Next(2) == 0 ? vocabulary.Of(name, random) : null;
        return $"{Escaped(name, random)}{Mutation.Suffix(random)}={Escaped(value ?? Mutation.Text(random), random)}";
    }

    private static string Escaped(string text, Random random) =>
        Uri.EscapeDataString(text.Length > 20_000 ? text[..20_000] : text) + (random.Next(30) == 0 ? Escapes[random.Next(Escapes.Length)] : "");

    private static List<string> Headers(Random random, byte[]? body)
    {
        List<string> headers = [];
        if (body is not null)
        {
            headers.Add($"Content-Type: {(random.Next(3) > 0 ? Types[0] : Types[random.Next(Types.Length)])}");
        }

        foreach (var name in (string[])["Idempotency-Key", "x-trace-id", "Accept", "Origin", "Sec-Fetch-Site", "If-None-Match", "Last-Event-ID",
            "Accept-Language", "Cookie", "Range", "X-Forwarded-For", "User-Agent"])
        {
            if (random.Next(15) == 0)
            {
                headers.Add($"{name}: {Value(random)}");
            }
        }

        return headers;
    }

    private static string Value(Random random)
    {
        var text = Mutation.Text(random);
        return string.Concat((text.Length > 2_000 ? text[..2_000] : text).Where(c => c is >= ' ' and <= '~'));
    }

    private static byte[] Body(Address address, Vocabulary vocabulary, Random random)
    {
        var items = Enumerable.Range(0, random.Next(4)).Select(_ => Mutated(address.Valid(vocabulary, random), random)?.ToJsonString() ?? "null").ToList();
        var text = random.Next(3) switch
        {
            0 => $"[{string.Join(',', items)}]",
            1 => string.Join('\n', items),
            _ => items.FirstOrDefault() ?? "",
        };
        var body = Encoding.UTF8.GetBytes(text);
        if (random.Next(4) == 0)
        {
            body = Mutation.Bytes(body, random);
        }

        return body;
    }

    private static JsonNode? Mutated(JsonNode? item, Random random) => random.Next(3) == 0 ? item : Mutation.Fields(item, random);

    /// <summary>Named by a content encoding, which it may not have.</summary>
    private static byte[] InEncoding(byte[] body, List<string> headers, Random random)
    {
        var encoding = Encodings[random.Next(Encodings.Length)];
        headers.Add($"Content-Encoding: {encoding}");
        var encoded = Mutation.Encoded(body, random.Next(5) == 0 ? "gzip" : encoding);
        return random.Next(4) == 0 ? Mutation.Bytes(encoded, random) : encoded;
    }
}
