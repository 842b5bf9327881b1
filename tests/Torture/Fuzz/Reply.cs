using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Bayou.Torture;

/// <summary>What came back for a request.</summary>
/// <param name="Status">0 where nothing did.</param>
/// <param name="IsCut">Whether more would have come.</param>
internal sealed partial record Reply(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body, bool IsCut)
{
    private const int MostBytes = 2 * 1024 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40); // Reads end after 15 s by themselves.
    private static readonly TimeSpan LongestOfParts = TimeSpan.FromSeconds(1);

    /// <exception cref="TimeoutException">A whole request was not answered.</exception>
    public static async Task<Reply> ToAsync(FuzzRequest request, int port, CancellationToken ct)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, ct);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(request.IsWhole ? Longest : LongestOfParts);
        using var came = new MemoryStream();
        var isCut = false;
        try
        {
            var stream = client.GetStream();
            await stream.WriteAsync(request.Bytes, patience.Token);
            var buffer = new byte[64 * 1024];
            int read;
            while (!isCut && (read = await stream.ReadAsync(buffer, patience.Token)) > 0)
            {
                came.Write(buffer, 0, read);
                isCut = came.Length > MostBytes || IsStream(came);
            }
        }
        catch (IOException)
        {
            // It hung up before it had read everything; what it said before counts.
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            if (request.IsWhole)
            {
                throw new TimeoutException($"no whole answer within {Longest.TotalSeconds} s");
            }
        }

        client.Client.LingerState = new LingerOption(true, 0);
        return Read(came.ToArray(), isCut);
    }

    /// <summary>What is wrong with it as an answer, whatever was asked.</summary>
    public string? Fault(FuzzRequest request)
    {
        if (Status == 0)
        {
            return request.IsWhole ? "the connection ended without an answer" : null;
        }

        if (Status >= 500 && Status is not (503 or 505) && !request.Address.MayFail)
        {
            return $"answered {Status}";
        }

        if (!Headers.ContainsKey("x-trace-id") || !Headers.ContainsKey("x-content-type-options"))
        {
            return $"{Status} without the headers of every answer";
        }

        return request.Method == "HEAD" || !request.IsWhole || IsCut || Status is 204 or 304 ? null : Status >= 400 ? FaultOfError() : FaultOfJson(request);
    }

    public JsonNode? Json() => Headers.TryGetValue("content-type", out var type) && type.StartsWith("application/json", StringComparison.Ordinal)
        ? JsonNode.Parse(Body) : null;

    private string? FaultOfError()
    {
        JsonNode? body;
        try
        {
            body = Json();
        }
        catch (JsonException e)
        {
            return $"{Status} with JSON that is none: {e.Message}";
        }

        if (body?["error"] is not JsonObject error || body["data"] is not null)
        {
            return $"{Status} without the envelope";
        }

        List<string?> sentences = [(string?)error["message"], .. (error["details"] as JsonArray ?? []).Select(detail => $"It {(string?)detail!["message"]}.")];
        return (string?)error["trace_id"] != Headers["x-trace-id"] ? "a trace id that is not the header's"
            : string.IsNullOrEmpty((string?)error["code"]) ? "an error without a code"
            : sentences.FirstOrDefault(sentence => sentence is null || !sentence.EndsWith('.') || BrokenPattern().IsMatch(sentence)) is { } broken
                ? $"a broken sentence: {broken}"
            : sentences.FirstOrDefault(sentence => InsidePattern().IsMatch(sentence!)) is { } inside ? $"an answer that speaks of the inside: {inside}"
            : null;
    }

    private string? FaultOfJson(FuzzRequest request)
    {
        try
        {
            return Json() is not { } body || request.Address.Path == "/doc" ? null
                : body is JsonObject envelope && envelope.ContainsKey("data") && envelope["error"] is null && envelope.ContainsKey("metadata") ? null
                    : $"{Status} without the envelope";
        }
        catch (JsonException e)
        {
            return $"{Status} with JSON that is none: {e.Message}";
        }
    }

    private static bool IsStream(MemoryStream came) =>
        Encoding.Latin1.GetString(came.GetBuffer(), 0, (int)Math.Min(came.Length, 4_096)).Contains("text/event-stream", StringComparison.Ordinal);

    private static Reply Read(byte[] bytes, bool isCut)
    {
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0 || !bytes.AsSpan().StartsWith("HTTP/1.1 "u8))
        {
            return new(0, new Dictionary<string, string>(), bytes, isCut);
        }

        var lines = Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
        var headers = lines[1..].Select(line => line.Split(": ", 2)).GroupBy(pair => pair[0].ToLowerInvariant())
            .ToDictionary(group => group.Key, group => group.First()[^1]);
        var body = bytes[(end + 4)..];
        return new(int.Parse(lines[0].AsSpan(9, 3), CultureInfo.InvariantCulture), headers,
            headers.ContainsKey("transfer-encoding") ? Unchunked(body) : body, isCut);
    }

    private static byte[] Unchunked(ReadOnlySpan<byte> chunks)
    {
        var body = new List<byte>();
        while (chunks.IndexOf("\r\n"u8) is var end and > 0
            && int.TryParse(chunks[..end], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var length) && length > 0 && end + 2
            + length <= chunks.Length)
        {
            body.AddRange(chunks.Slice(end + 2, length));
            chunks = chunks[Math.Min(end + 2 + length + 2, chunks.Length)..];
        }

        return [.. body];
    }

    [GeneratedRegex(@"[ .,:;(]\.$")]
    private static partial Regex BrokenPattern();

    [GeneratedRegex("Npgsql|Exception|StackTrace|/src/|Kestrel")]
    private static partial Regex InsidePattern();
}
