using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Bayou.Torture;

/// <summary>
/// Does what a small server could be brought down with, all at once: uploads that take for ever, bodies as large as they may be, small ones that become huge,
/// searches of everything, and requests without the token. Beside it honest senders are answered in time, and what they sent counts.
/// </summary>
internal sealed class Attack(Nodes nodes, Ledger ledger) : ITrial
{
    /// <summary>Memory of the collected heap that the server has.</summary>
    public const long Heap = 768L * 1024 * 1024;

    private const int LargestBody = 16 * 1024 * 1024;
    private const int SlowUploads = 60;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1); // from an honest sender's first try of a batch until it is acknowledged
    private const int EnoughBatches = 1_000; // for a 99th percentile

    private readonly ConcurrentDictionary<(string Attack, string Answer), long> _answers = [];
    private readonly Node _node = nodes.Webs[0];
    private int _life;

    public IReadOnlyList<string> Failures =>
    [
        .. _node.Ended == 0 && _node.ProcessId == _life ? (string[])[] : ["the server ended"],
        .. _answers.Keys.Where(key => key.Answer == "500").Select(key => $"{key.Attack} was answered 500 {_answers[key]} times"),
        .. ledger.Waits.Count >= EnoughBatches && ledger.WaitAt(0.99) > Longest
            ? [$"one batch in a hundred took {ledger.WaitAt(0.99).TotalSeconds:0.00} s or longer to be acknowledged"] : (string[])[],
    ];

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        _life = _node.ProcessId!.Value;
        using var http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromSeconds(20) }) { BaseAddress = _node.Url,
            Timeout = TimeSpan.FromMinutes(1) };
        await Task.WhenAll([
            .. Enumerable.Range(0, SlowUploads).Select(_ => UntilAsync("slow upload", () => UploadSlowlyAsync(stop), stop)),
            .. Enumerable.Range(0, 4).Select(_ => UntilAsync("large body", () => PostAsync(http, LargeBody, null, stop), stop)),
            .. Enumerable.Range(0, 8)
            .Select(i => UntilAsync("bomb", () => i % 2 == 0 ? PostAsync(http, BrotliBomb, "br", stop) : PostAsync(http, GzipBomb, "gzip", stop), stop)),
            .. Enumerable.Range(0, 25).Select(i => UntilAsync("search", () => GetAsync(http, Searches[i % Searches.Length], isAllowed: true, stop), stop)),
            .. Enumerable.Range(0, 8)
            .Select(i =>
            UntilAsync("without token", () => GetAsync(http, $"/;{new string('x', 2_000)} word{Random.Shared.Next()} of{i}", isAllowed: false, stop), stop)),
        ]);
    }

    /// <summary>Stores so many lines that a search of all of them is work.</summary>
    public async Task PrepareAsync(CancellationToken ct)
    {
        for (var batch = 0; batch < 40; batch++)
        {
            var lines = Enumerable.Range(0, 10_000).Select(i =>
                $"{{\"source\":\"attacked\",\"level\":\"info\",\"message\":\"request {batch}-{i} of user{i % 977} took "
                    + $"{i % 5_000} ms at step{i % 13} of checkout\"}}");
            using var body = new StringContent(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson");
            using var response = await nodes.Http.PostAsync(new Uri(_node.Url, "/ingest/v1/logs"), body, ct);
            response.EnsureSuccessStatusCode();
        }
    }

    public override string ToString() =>
        $"attacked by {string.Join("; ", _answers.GroupBy(pair => pair.Key.Attack).Select(attack => $"{attack.Key}: {Answers(attack)}"))}"
        + $"; honest batches acknowledged after {ledger.WaitAt(0.5).TotalMilliseconds:0} ms (p50), {ledger.WaitAt(0.99).TotalMilliseconds:0} ms (p99), "
        + $"{ledger.WaitAt(1).TotalMilliseconds:0} ms at most";

    private static string[] Searches { get; } =
    [
        "/logs/histogram?search=-zzz -timeout",
        $"/logs?limit=1000&search={string.Join(' ', Enumerable.Range(0, 30).Select(i => $"-absent{i}"))}",
        $"/logs/patterns?{string.Join('&', Enumerable.Range(0, 60).Select(i => $"meta.field{i}__ne=x"))}",
        "/logs/facets?search=checkout -nothing",
        "/logs/export?search=user",
    ];

    private static byte[] LargeBody { get; } = Encoding.UTF8.GetBytes(
        $"[{string.Join(',', Enumerable.Repeat("""{"service":"attacker","method":"GET","route":"/","status":"none"}""", LargestBody / 70))}]");

    private static byte[] BrotliBomb { get; } = Compressed(into => new BrotliStream(into, CompressionLevel.Optimal));

    private static byte[] GzipBomb { get; } = Compressed(into => new GZipStream(into, CompressionLevel.Optimal));

    /// <summary>Two hundred megabytes of blanks, which are far more than may be sent.</summary>
    private static byte[] Compressed(Func<Stream, Stream> by)
    {
        using var into = new MemoryStream();
        using (var stream = by(into))
        {
            var blanks = new byte[1024 * 1024];
            blanks.AsSpan().Fill((byte)' ');
            for (var i = 0; i < 200; i++)
            {
                stream.Write(blanks);
            }
        }

        return into.ToArray();
    }

    private async Task UntilAsync(string attack, Func<Task<string>> strike, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            string answer;
            try
            {
                answer = await strike();
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException)
            {
                answer = "no answer";
            }

            if (!stop.IsCancellationRequested)
            {
                _answers.AddOrUpdate((attack, answer), 1, (_, count) => count + 1);
            }
        }
    }

    private static async Task<string> GetAsync(HttpClient http, string path, bool isAllowed, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = isAllowed ? new("Bearer", Nodes.Token) : null;
        return await AnswerAsync(http, request, ct);
    }

    private static async Task<string> PostAsync(HttpClient http, byte[] body, string? encoding, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/ingest/v1/requests", UriKind.Relative)) { Content = new ByteArrayContent(body) };
        request.Headers.Authorization = new("Bearer", Nodes.Token);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        return await AnswerAsync(http, request, ct);
    }

    private static async Task<string> AnswerAsync(HttpClient http, HttpRequestMessage request, CancellationToken ct)
    {
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        await (await response.Content.ReadAsStreamAsync(ct)).CopyToAsync(Stream.Null, ct);
        return $"{(int)response.StatusCode}";
    }

    /// <summary>Announces as much as may be sent and sends it so fast that it is just not too slow.</summary>
    private async Task<string> UploadSlowlyAsync(CancellationToken stop)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _node.Url.Port, stop);
        await using var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
            $"POST /ingest/v1/logs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {Nodes.Token}\r\nContent-Type: application/json\r\nContent-Length: "
                + $"16000000\r\n\r\n["), stop);
        var answer = new byte[12];
        var answered = stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, stop).AsTask();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(stop) && !answered.IsCompleted)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(new string(' ', 400)), stop);
        }

        return await answered == answer.Length ? Encoding.ASCII.GetString(answer)[9..] : "closed";
    }

    private static string Answers(IEnumerable<KeyValuePair<(string Attack, string Answer), long>> attack) =>
        string.Join(", ", attack.OrderBy(pair => pair.Key.Answer).Select(pair => $"{pair.Value} x {pair.Key.Answer}"));
}
