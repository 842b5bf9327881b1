using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bayou.Targets;

/// <summary>What Bayou calls, and what it refuses to.</summary>
public sealed class TargetTests(BayouServer server) : IClassFixture<BayouServer>, IAsyncLifetime
{
    private readonly WebApplication _called = Called();
    private string _base = "";

    public async ValueTask InitializeAsync()
    {
        _called.Run(AnswerAsync);
        await _called.StartAsync(BayouServer.Ct);
        _base = _called.Urls.Single();
    }

    public async ValueTask DisposeAsync() => await _called.DisposeAsync();

    [Fact]
    public async Task A_target_is_called_with_its_secrets_and_its_answer_is_kept()
    {
        await server.PutTargetAsync("shop", _base, new { Authorization = "Bearer secret-7" });
        var job = await RunAsync(new { target = "shop", method = "PUT", path = "/orders/7?x=1", headers = new { x_mine = "a" }, body = new { a = 1 } });
        Assert.Equal("succeeded", (string)job["job"]!["status"]!);
        Assert.Equal(200, (int)job["result"]!["status_code"]!);
        Assert.Contains("PUT /orders/7?x=1", (string)job["result"]!["body"]!, StringComparison.Ordinal);
        Assert.Contains("""{"a":1}""", ((string)job["result"]!["body"]!).Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("authorization=Bearer secret-7", (string)job["result"]!["body"]!, StringComparison.Ordinal);
        Assert.Contains($"x-bayou-job={(long)job["job"]!["id"]!}", (string)job["result"]!["body"]!, StringComparison.Ordinal);
        Assert.Matches("traceparent=00-[0-9a-f]{32}-[0-9a-f]{16}-", (string)job["result"]!["body"]!);
    }

    [Fact]
    public async Task What_a_targets_headers_hold_is_shown_nowhere()
    {
        await server.PutTargetAsync("hidden", _base, new Dictionary<string, string> { ["X-Key"] = "hidden-secret-9" });
        var listed = await server.DataAsync($"/replay/targets");
        var row = listed.AsArray().Single(target => (string)target!["service"]! == "hidden")!;
        Assert.Equal("X-Key", (string)row["header_names"]![0]!);
        var audit = await server.DataAsync($"/audit?limit=1000");
        Assert.DoesNotContain("hidden-secret-9", listed.ToJsonString() + audit.ToJsonString(), StringComparison.Ordinal);
        await using var command = server.Db.CreateCommand("SELECT count(*) FROM targets t WHERE t::text LIKE '%hidden-secret-9%'");
        Assert.Equal(0L, await command.ExecuteScalarAsync(BayouServer.Ct));

        await server.PutTargetAsync("hidden", _base); // Without headers they stay.
        Assert.Contains("hidden-secret-9", (string)(await RunAsync(new { target = "hidden" }))["result"]!["body"]!, StringComparison.Ordinal);
        using var gone = await server.Http.DeleteAsync(new Uri("/replay/targets/hidden", UriKind.Relative), BayouServer.Ct);
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        Assert.Equal("dead", (string)(await RunAsync(new { target = "hidden" }))["job"]!["status"]!);
    }

    [Fact]
    public async Task A_stage_has_a_target_of_its_own_or_else_the_services()
    {
        await server.PutTargetAsync("staged", _base + "/any");
        await server.PutTargetAsync("staged/canary", _base + "/canary");
        Assert.Contains("POST /canary/", (string)(await RunAsync(new { target = "staged", stage = "canary" }))["result"]!["body"]!, StringComparison.Ordinal);
        Assert.Contains("POST /any/", (string)(await RunAsync(new { target = "staged", stage = "live" }))["result"]!["body"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/../admin/delete")]
    [InlineData("/../../etc")]
    [InlineData("/%2e%2e/admin")]
    public async Task A_path_does_not_lead_out_of_the_targets_url(string path)
    {
        await server.PutTargetAsync("public", _base + "/api/public", new { Authorization = "Bearer secret" });
        var job = await RunAsync(new { target = "public", path });
        Assert.Equal("dead", (string)job["job"]!["status"]!);
        Assert.Contains("leads out of", (string)job["job"]!["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_do_not_go_to_another_origin()
    {
        await server.PutTargetAsync("moves", "https://api.example.com", new { Authorization = "Bearer secret" });
        await server.PutTargetAsync("moves", _base);
        Assert.DoesNotContain("Bearer secret", (string)(await RunAsync(new { target = "moves" }))["result"]!["body"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_status_that_is_no_success_fails_and_its_wish_for_time_is_granted()
    {
        await server.PutTargetAsync("busy", _base);
        var id = await EnqueueAsync(new { target = "busy", path = "/busy" }, attempts: 5);
        var job = await Eventually.SeesAsync(() => server.DataAsync($"/worker/jobs/{id}"), job => (string)job["job"]!["status"]! == "failed");
        Assert.Contains("503", (string)job["job"]!["error"]!, StringComparison.Ordinal);
        Assert.Equal("busy just now", (string)job["attempts"]![0]!["detail"]!);
        var runAt = DateTimeOffset.Parse((string)job["job"]!["run_at"]!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(runAt > DateTimeOffset.UtcNow.AddMinutes(50));
        Assert.Equal("succeeded", (string)(await RunAsync(new { target = "busy", path = "/busy", success_statuses = new[] { 503 } }))["job"]!["status"]!);
    }

    [Fact]
    public async Task Redirects_are_followed_within_the_target_alone()
    {
        await server.PutTargetAsync("moved", _base);
        Assert.Contains("GET /there", (string)(await RunAsync(new { target = "moved", method = "GET", path = "/moved?to=/there" }))["result"]!["body"]!,
            StringComparison.Ordinal);
        var elsewhere = await RunAsync(new { target = "moved", method = "GET", path = "/moved?to=http://169.254.169.254/latest" });
        Assert.Equal(("dead", 302), ((string)elsewhere["job"]!["status"]!, (int)elsewhere["result"]!["status_code"]!));
    }

    [Theory]
    [InlineData("http://10.1.2.3")]
    [InlineData("http://169.254.169.254")]
    [InlineData("http://[::ffff:192.168.0.1]")]
    [InlineData("http://0.0.0.0")]
    public async Task A_private_address_is_not_called_unless_its_target_may_be_there(string url)
    {
        await server.PutTargetAsync("inside", url);
        var job = await RunAsync(new { target = "inside", timeout_seconds = 5 });
        Assert.Contains("is not on the internet", (string)job["job"]!["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_without_end_is_cut()
    {
        await server.PutTargetAsync("endless", _base);
        var job = await RunAsync(new { target = "endless", path = "/endless" });
        Assert.True((bool)job["result"]!["body_is_cut"]!);
        Assert.Equal(64 * 1024, ((string)job["result"]!["body"]!).Length);
    }

    [Theory]
    [InlineData("""{ "base_url": "ftp://shop" }""", "base_url")]
    [InlineData("""{ "base_url": "/shop" }""", "base_url")]
    [InlineData("""{ "base_url": "http://user:pass@shop" }""", "base_url")]
    [InlineData("""{ }""", "base_url")]
    [InlineData("""{ "base_url": "http://shop", "headers": { "a b": "c" } }""", "headers.a b")]
    [InlineData("""{ "base_url": "http://shop", "headers": { "a": "c\nd: e" } }""", "headers.a")]
    [InlineData("""{ "base_url": "http://shop", "headers": { "a": null } }""", "headers.a")]
    [InlineData("""{ "base_url": "http://shop", "headers": { "漢字": "c" } }""", "headers.漢字")]
    [InlineData("""{ "base_url": "http://shop", "allow": true }""", "allow")]
    public async Task A_target_that_cannot_be_names_its_field(string body, string field)
    {
        using var response = await server.Http.PutAsync(
            new Uri("/replay/targets/wrong", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), BayouServer.Ct);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(BayouServer.Ct))!;
        Assert.Equal((HttpStatusCode.BadRequest, field), (response.StatusCode, (string)answer["error"]!["details"]![0]!["field"]!));
    }

    private static WebApplication Called()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder.Build();
    }

    private static async Task AnswerAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/busy":
                http.Response.StatusCode = 503;
                http.Response.Headers.RetryAfter = "3600";
                await http.Response.WriteAsync("busy just now", http.RequestAborted);
                return;
            case "/moved":
                http.Response.Redirect(http.Request.Query["to"]!);
                return;
            case "/endless":
                var block = Encoding.ASCII.GetBytes(new string('x', 16 * 1024));
                while (!http.RequestAborted.IsCancellationRequested)
                {
                    await http.Response.Body.WriteAsync(block, http.RequestAborted);
                }

                return;
            default:
                using (var reader = new StreamReader(http.Request.Body))
                {
                    var body = await reader.ReadToEndAsync(http.RequestAborted);
                    var headers = string.Join('\n', http.Request.Headers.Select(header => $"{header.Key.ToLowerInvariant()}={header.Value}"));
                    var line = $"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}";
                    await http.Response.WriteAsync($"{line}\n{headers}\n{body}", http.RequestAborted);
                }

                return;
        }
    }

    private async Task<long> EnqueueAsync(object payload, int attempts)
    {
        using var response = await server.Http.PostAsJsonAsync(
            new Uri("/worker/jobs", UriKind.Relative), new { type = "http.request", payload, max_attempts = attempts }, BayouServer.Ct);
        return (long)JsonNode.Parse(await response.Content.ReadAsStringAsync(BayouServer.Ct))!["data"]!["id"]!;
    }

    private async Task<JsonNode> RunAsync(object payload)
    {
        var id = await EnqueueAsync(payload, attempts: 1);
        return await Eventually.SeesAsync(() => server.DataAsync($"/worker/jobs/{id}"), job => (string)job["job"]!["status"]! is "succeeded" or "dead");
    }
}
