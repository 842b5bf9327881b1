using System.Net;
using System.Text.Json.Nodes;

namespace Bayou.Metrics;

public sealed class MetricsStreamTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static readonly DateTimeOffset Time = BayouServer.RecentMinute;

    [Fact]
    public async Task A_window_is_pushed_when_it_changes_and_a_client_that_returns_misses_nothing()
    {
        var service = BayouServer.NewService();
        await using var live = await SseClient.OpenAsync(server, $"/metrics/stream?service={service}");
        await server.SendAsync(new[] { BayouServer.Observation(service, Time, "/a") });
        var first = await live.NextAsync();
        Assert.Equal(("metric-update", "GET /a", 1), (first.Name, (string)first.Data["endpoint"]!, (int)first.Data["traffic_count"]!));
        Assert.Equal((long)first.Data["id"]!, first.Id);

        await server.SendAsync(new[] { BayouServer.Observation(service, Time, "/a"), BayouServer.Observation(service, Time, "/b") });
        await server.CountedAsync(service, 3);
        await using var returned = await SseClient.OpenAsync(server, $"/metrics/stream?service={service}&id__gt=0", first.Id);
        var (second, third) = (await returned.NextAsync(), await returned.NextAsync());
        Assert.Equal([("GET /a", 2), ("GET /b", 1)], new[] { second, third }.Select(e => ((string)e.Data["endpoint"]!, (int)e.Data["traffic_count"]!)).Order());
        Assert.True(first.Id < second.Id && second.Id < third.Id);
    }

    [Fact]
    public async Task The_whole_service_comes_only_when_asked_for_and_filters_hold()
    {
        var service = BayouServer.NewService();
        await server.SendAsync(new[] { BayouServer.Observation(service, Time, "/a"), BayouServer.Observation(service, Time, "/b", status: 500) });
        await server.CountedAsync(service, 2);
        await using var whole = await SseClient.OpenAsync(server, $"/metrics/stream?service={service}&endpoint=*&id__gt=0");
        Assert.Equal(("*", 2), ((string)(await whole.NextAsync()).Data["endpoint"]!, 2));
        await using var failing = await SseClient.OpenAsync(server, $"/metrics/stream?service={service}&status_5xx__gt=0&id__gt=0");
        Assert.Equal("GET /b", (string)(await failing.NextAsync()).Data["endpoint"]!);
    }

    [Fact]
    public async Task It_is_an_event_stream_and_never_compressed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics/stream") { Headers = { { "Accept-Encoding", "gzip, br" } } };
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, BayouServer.Ct);
        Assert.Equal(("text/event-stream", 0), (response.Content.Headers.ContentType!.MediaType, response.Content.Headers.ContentEncoding.Count));
    }

    [Fact]
    public async Task A_cursor_of_another_database_begins_at_now()
    {
        var service = BayouServer.NewService();
        await server.SendAsync(new[] { BayouServer.Observation(service, Time, "/old") });
        await server.CountedAsync(service, 1);
        await using var live = await SseClient.OpenAsync(server, $"/metrics/stream?service={service}", long.MaxValue);
        await server.SendAsync(new[] { BayouServer.Observation(service, Time, "/new") });
        Assert.Equal("GET /new", (string)(await live.NextAsync()).Data["endpoint"]!);
    }

    [Fact]
    public async Task A_last_id_that_is_none_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics/stream") { Headers = { { "Last-Event-ID", "x" } } };
        using var response = await server.Http.SendAsync(request, BayouServer.Ct);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private sealed record SseEvent(long Id, string Name, JsonNode Data);

    private sealed class SseClient(HttpResponseMessage response, StreamReader reader) : IAsyncDisposable
    {
        public static async Task<SseClient> OpenAsync(BayouServer server, string url, long? lastId = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            if (lastId is not null)
            {
                request.Headers.Add("Last-Event-ID", $"{lastId}");
            }

            var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, BayouServer.Ct);
            var reader = new StreamReader(await response.Content.ReadAsStreamAsync(BayouServer.Ct));
            Assert.Equal(": live", await reader.ReadLineAsync(BayouServer.Ct));
            return new(response, reader);
        }

        public async Task<SseEvent> NextAsync()
        {
            var fields = new Dictionary<string, string>();
            while (await reader.ReadLineAsync(BayouServer.Ct) is { } line)
            {
                if (line.Length == 0 && fields.Count > 0)
                {
                    return new(long.Parse(fields["id"], null), fields["event"], JsonNode.Parse(fields["data"])!);
                }

                if (line.Length > 0 && line[0] != ':')
                {
                    var parts = line.Split(": ", 2);
                    fields[parts[0]] = parts[1];
                }
            }

            throw new InvalidOperationException("The stream ended.");
        }

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
