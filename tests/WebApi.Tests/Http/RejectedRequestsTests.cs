using System.Text.Json.Nodes;

namespace Bayou.Http;

public sealed class RejectedRequestsTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Theory]
    [InlineData("GET /a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400)]
    [InlineData("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 505)]
    [InlineData("hello\r\n\r\n", 400)]
    [InlineData("POST /ingest/v1/requests HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("POST /ingest/v1/requests HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400)]
    [InlineData("POST /ingest/v1/requests HTTP/1.0\r\nHost: localhost\r\n\r\n", 400)]
    public async Task What_the_web_server_turns_away_gets_the_envelope_and_the_headers(string request, int status)
    {
        var answer = Assert.Single(await RawHttp.AskAsync(server, request));
        Assert.Equal(status, answer.Status);
        Assert.Equal("close", answer.Headers["connection"]);
        Assert.Equal("application/json; charset=utf-8", answer.Headers["content-type"]);
        Assert.Equal("nosniff", answer.Headers["x-content-type-options"]);
        Assert.Contains("default-src", answer.Headers["content-security-policy"], StringComparison.Ordinal);
        var body = JsonNode.Parse(answer.Body)!;
        Assert.Null(body["data"]);
        Assert.Equal(answer.Headers["x-trace-id"], (string)body["error"]!["trace_id"]!);
        Assert.NotEmpty((string)body["error"]!["message"]!);
    }

    [Fact]
    public async Task Headers_without_end_and_lines_too_long_are_answered_with_their_own_status()
    {
        Assert.Equal(431,
            Assert.Single(await RawHttp.AskAsync(server, $"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {new string('x', 40_000)}\r\n\r\n")).Status);
        Assert.Equal(414, Assert.Single(await RawHttp.AskAsync(server, $"GET /{new string('x', 100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n")).Status);
    }

    [Fact]
    public async Task A_good_request_before_it_on_the_connection_has_its_own_answer()
    {
        var answers = await RawHttp.AskAsync(server, "GET /health/liveness HTTP/1.1\r\nHost: localhost\r\n\r\nGET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal([200, 400], answers.Select(answer => answer.Status));
        Assert.Equal("VALIDATION_ERROR", (string)JsonNode.Parse(answers[1].Body)!["error"]!["code"]!);
    }
}
