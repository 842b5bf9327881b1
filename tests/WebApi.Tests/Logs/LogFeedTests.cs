using System.Net;
using System.Text.Json.Nodes;

namespace Bayou.Logs;

public sealed class LogFeedTests
{
    [Fact]
    public async Task A_poller_sees_every_line_once_beside_eight_writers()
    {
        const int Writers = 8, Batches = 40, Each = 5;
        await using var database = await TestDatabase.CreateAsync();
        await using var one =
            await BayouServer.StartAsync(database, ("Bayou:Logs:SegmentLines", "1000"), ("Bayou:Logs:SealAfterSeconds", "0"), ("Bayou:Enabled", "false"));
        await using var two =
            await BayouServer.StartAsync(database, ("Bayou:Logs:SegmentLines", "1000"), ("Bayou:Logs:SealAfterSeconds", "0"), ("Bayou:Enabled", "false"));
        var seen = new List<string>();
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync(writer % 2 == 0 ? one : two, writer)));
        var last = 0L;
        while (true)
        {
            var isOver = writing.IsCompleted;
            var (status, page) = await one.GetAsync($"/logs?id__gt={last}&limit=100");
            Assert.Equal(HttpStatusCode.OK, status);
            seen.AddRange(page["data"]!.AsArray().Select(row => (string)row!["message"]!));
            last = (long)page["metadata"]!["last_id"]!;
            if (isOver && !(bool)page["metadata"]!["has_more"]!)
            {
                break;
            }

            await one.SealAsync();
        }

        await writing;
        Assert.Equal(Writers * Batches * Each, seen.Count);
        Assert.Equal(seen.Count, seen.Distinct().Count());

        async Task WriteAsync(BayouServer server, int writer)
        {
            for (var batch = 0; batch < Batches; batch++)
            {
                var lines = Enumerable.Range(0, Each)
                    .Select(i => new { source = "s", level = i % 2 == 0 ? "info" : "debug", message = $"{writer} {batch} {i}" });
                Assert.Equal(HttpStatusCode.Accepted, (await server.SendLogsAsync(lines)).Status);
            }
        }
    }

    [Fact]
    public async Task A_stream_sends_what_fits_as_it_comes_and_goes_on_where_it_was()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"));
        await server.SendLogsAsync(new[] { new { source = "s", level = "error", message = "before" } });
        using var stream = new StreamReader(
            await server.Http.GetStreamAsync(new Uri("/logs/stream?level=error&search=wanted&mode=keyword", UriKind.Relative), BayouServer.Ct));
        Assert.Equal(": live", await stream.ReadLineAsync(BayouServer.Ct));
        await server.SendLogsAsync(
            new[] { new { source = "s", level = "error", message = "wanted 1" }, new { source = "s", level = "info", message = "wanted 2" },
            new { source = "s", level = "error", message = "wanted 3" } });
        var (id, first) = await NextAsync(stream);
        Assert.Equal("wanted 1", (string)first["message"]!);
        Assert.Equal("wanted 3", (string)(await NextAsync(stream)).Data["message"]!);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/logs/stream?level=error") { Headers = { { "Last-Event-ID", $"{id}" } } };
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, BayouServer.Ct);
        using var resumed = new StreamReader(await response.Content.ReadAsStreamAsync(BayouServer.Ct));
        Assert.Equal("wanted 3", (string)(await NextAsync(resumed)).Data["message"]!);
    }

    private static async Task<(long Id, JsonNode Data)> NextAsync(StreamReader stream)
    {
        var id = 0L;
        while (await stream.ReadLineAsync(BayouServer.Ct) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = long.Parse(line[4..], null);
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (id, JsonNode.Parse(line[6..])!);
            }
            else
            {
                Assert.True(line is "" or "event: log-update" || line[0] == ':', line);
            }
        }

        throw new EndOfStreamException();
    }
}
