using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Bayou.Http;

/// <summary>What a client does wrong below HTTP's messages is its own fault, and no line of an error here.</summary>
public sealed class TransportFaultTests(BayouServer server) : IClassFixture<BayouServer>
{
    private const string Json = "Host: localhost\r\nConnection: close\r\nContent-Type: application/json";

    public static TheoryData<string, int> Broken => new()
    {
        { $"POST /session HTTP/1.1\r\n{Json}; charset=nosuch\r\nContent-Length: 5\r\n\r\n[[[[[", 400 },
        { $"POST /ingest/v1/requests HTTP/1.1\r\n{Json}; charset=nosuch\r\nContent-Length: 2\r\n\r\n[]", 400 },
        { $"POST /session HTTP/1.1\r\n{Json}\r\nContent-Length: 9\r\n\r\n{{\"token\":", 400 },
        { $"POST /session HTTP/1.1\r\n{Json}\r\nContent-Length: 2\r\n\r\n[]", 400 },
        { $"POST /ingest/v1/logs HTTP/1.1\r\n{Json}\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n[]\r\n0\r\n\r\n", 400 },
        { $"POST /session HTTP/1.1\r\n{Json}\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n[]\r\n0\r\n\r\n", 400 },
        { $"POST /ingest/v1/deploys HTTP/1.1\r\n{Json}\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n[]\r\n0\r\n\r\n", 400 },
        { $"POST /ingest/v1/requests HTTP/1.1\r\n{Json}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]no\r\n0\r\n\r\n", 400 },
        { $"POST /ingest/v1/requests HTTP/1.1\r\n{Json}\r\nContent-Length: 99999999999\r\n\r\n[]", 413 },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_client_is_told_of_its_fault(string request, int status)
    {
        var log = Listen();
        var answer = Assert.Single(await RawHttp.AskAsync(server, request));
        Assert.Equal(status, answer.Status);
        Assert.Contains("\"code\":", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/ingest/v1/requests")]
    [InlineData("/ingest/v1/logs")]
    [InlineData("/ingest/v1/deploys")]
    [InlineData("/session")]
    public async Task An_upload_that_breaks_off_is_nobodys_error(string path)
    {
        var log = Listen();
        for (var i = 0; i < 20; i++)
        {
            await RawHttp.BreakAsync(server, $"POST {path} HTTP/1.1\r\n{Json}\r\nContent-Length: 5000\r\n\r\n[{{\"service\":");
            await RawHttp.BreakAsync(server, $"POST {path} HTTP/1.1\r\n{Json}\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n[{{\"service\":");
        }

        await Eventually.SeesAsync(() => Task.FromResult(server.Get<BodyBudget>().Taken), taken => taken == 0); // The server has noticed.
        Assert.DoesNotContain(log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bombs_are_refused_while_probes_are_answered()
    {
        var bomb = Bomb();
        var bombs = Enumerable.Range(0, 80).Select(_ => server.PostAsync(bomb, encoding: "br")).ToList();
        do
        {
            using var alive = await server.Http.GetAsync(new Uri("/health/liveness", UriKind.Relative), BayouServer.Ct);
            Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        }
        while (!bombs.TrueForAll(sent => sent.IsCompleted));

        foreach (var (status, body) in await Task.WhenAll(bombs))
        {
            Assert.True(status is HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.ServiceUnavailable, $"{status}");
            Assert.NotNull(body["error"]);
        }

        Assert.Equal(0, server.Get<BodyBudget>().Taken);
    }

    private LineList Listen()
    {
        var log = new LineList();
        server.Get<ILoggerFactory>().AddProvider(log);
        return log;
    }

    private static byte[] Bomb()
    {
        using var into = new MemoryStream();
        using (var brotli = new BrotliStream(into, CompressionLevel.Optimal, leaveOpen: true))
        {
            var blanks = new byte[1024 * 1024];
            for (var i = 0; i < 200; i++)
            {
                brotli.Write(blanks);
            }
        }

        return into.ToArray();
    }
}
