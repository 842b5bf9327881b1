using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bayou.Access;

/// <summary>A key may do so much in a minute, and is told.</summary>
public sealed class RateLimitTests
{
    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public void What_comes_while_the_grain_is_asked_does_not_wait_and_is_never_more_than_the_rate()
    {
        var limits = new RateLimits(_ => new Grain(new TaskCompletionSource<int>().Task), new ManualTime(), NullLogger<RateLimits>.Instance);
        Assert.Equal(100, Enumerable.Range(0, 150).Count(_ => limits.Take("k", 100).IsAllowed));
    }

    [Fact]
    public void Where_nobody_can_be_asked_a_node_goes_on_with_what_it_was_given_before()
    {
        var time = new ManualTime();
        var answer = Task.FromResult(30);
        var limits = new RateLimits(_ => new Grain(answer), time, NullLogger<RateLimits>.Instance);
        for (var i = 0; i < 40; i++)
        {
            Assert.True(limits.Take("k", 100).IsAllowed);
        }

        answer = Task.FromException<int>(new TimeoutException());
        time.Advance(TimeSpan.FromMinutes(1));
        var went = Enumerable.Range(0, 150).Count(_ => limits.Take("k", 100).IsAllowed);
        Assert.InRange(went, 40, 100); // as many as the parts of the minute before
        Assert.Equal(60, Enumerable.Range(0, 60).Count(_ => limits.Take("another", 100).IsAllowed));
    }

    [Fact]
    public async Task Past_its_rate_a_key_is_told_to_wait_and_others_are_not_nor_is_what_it_sends()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database, ("Bayou:Access:RequestsPerMinute", "30"));
        using var first = await KeyAsync("ingest", "read");
        using var second = await KeyAsync("read");
        var statuses = new List<HttpStatusCode>();
        TimeSpan? wait = null;
        for (var i = 0; i < 95; i++) // The rate of three minutes, at whose turn they might be.
        {
            using var response = await first.GetAsync(new Uri("/health/worker", UriKind.Relative), Ct);
            statuses.Add(response.StatusCode);
            wait ??= response.Headers.RetryAfter?.Delta;
            Assert.Equal("\"requests\";q=30;w=60", response.Headers.GetValues("RateLimit-Policy").Single());
            Assert.Matches("^\"requests\";r=[0-9]+;t=[0-9]+$", response.Headers.GetValues("RateLimit").Single());
        }

        Assert.InRange(statuses.Count(status => status == HttpStatusCode.OK), 30, 60);
        Assert.All(statuses[..30], status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.InRange(wait!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(second.GetAsync(new Uri("/health/worker", UriKind.Relative), Ct)));
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal(HttpStatusCode.Accepted, await People.StatusAsync(
                first.PostAsJsonAsync("/ingest/v1/logs", new[] { new { source = "s", level = "info", message = "m" } }, Ct)));
        }

        async Task<HttpClient> KeyAsync(params string[] scopes)
        {
            using var made = await server.Http.PostAsJsonAsync("/projects/1/keys", new { name = "k", scopes }, Ct);
            var http = new HttpClient { BaseAddress = server.Http.BaseAddress };
            http.DefaultRequestHeaders.Add("x-api-key", (string)JsonNode.Parse(await made.Content.ReadAsStringAsync(Ct))!["data"]!["key"]!);
            return http;
        }
    }

    private sealed class Grain(Task<int> answer) : IRateLeaseGrain
    {
        public Task<int> TakeAsync(long minute, int done, int wanted, int limit, CancellationToken ct) => answer;
    }
}
