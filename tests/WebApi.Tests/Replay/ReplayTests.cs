using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bayou.Replay;

/// <summary>Captured requests sent again, one by one and in runs.</summary>
public sealed class ReplayTests(BayouServer server) : IClassFixture<BayouServer>, IAsyncLifetime
{
    private readonly WebApplication _called = Called();
    private readonly string _service = BayouServer.NewService();
    private int _calls;

    public async ValueTask InitializeAsync()
    {
        _called.Run(AnswerAsync);
        await _called.StartAsync(BayouServer.Ct);
        await server.PutTargetAsync(_service, _called.Urls.Single(), new { Authorization = "Bearer of-the-target" });
    }

    public async ValueTask DisposeAsync() => await _called.DisposeAsync();

    [Fact]
    public async Task It_is_sent_as_it_was_and_the_answers_are_compared()
    {
        var id = await CaptureAsync(new
        {
            method = "POST", path = "/echo/a%20b", query = "x=%41", body = "{ \"n\" : 1.50 }", status_code = 500,
            response_body = new { at = "yesterday", n = 1 },
            headers = new Dictionary<string, string>
            {
                ["authorization"] = "Bearer CANARY", ["content-type"] = "application/json", ["x-mine"] = "1", ["cookie"] = "s=CANARY",
            },
        });
        var (status, body) = await ReplayAsync(id, new { confirm = true });
        Assert.Equal(HttpStatusCode.OK, status);
        var data = body["data"]!;
        var seen = (string)data["body"]!["seen"]!;
        Assert.StartsWith("POST /echo/a%20b?x=%41\n", seen, StringComparison.Ordinal);
        Assert.Contains("\nx-bayou-replay: 1\n", seen, StringComparison.Ordinal);
        Assert.Contains("\nx-mine: 1\n", seen, StringComparison.Ordinal);
        Assert.EndsWith("\n{ \"n\" : 1.50 }", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("CANARY", seen, StringComparison.Ordinal);
        Assert.Contains("authorization: Bearer [redacted", seen, StringComparison.Ordinal); // It was sent, and is not shown.
        Assert.Equal(("500", "200"), (data["diff"]!["status"]!["recorded"]!.ToJsonString(), data["diff"]!["status"]!["replayed"]!.ToJsonString()));
        Assert.Contains(data["diff"]!["body"]!.AsArray(), one => (string)one!["path"]! == "seen" && (string)one["kind"]! == "added");
        var kept = (await server.DataAsync($"/replay/{id}/replays")).AsArray().Single()!;
        Assert.Equal(("differs", 200), ((string)kept["outcome"]!, (int)kept["status_code"]!));
        var audit = await server.DataAsync($"/audit?action=replay.send&target=snapshot:{id}");
        Assert.Equal("POST", (string)audit[0]!["after"]!["method"]!);
    }

    [Fact]
    public async Task What_changes_something_must_be_confirmed()
    {
        var id = await CaptureAsync(new { method = "DELETE", path = "/echo" });
        var (status, body) = await ReplayAsync(id, new { });
        Assert.Equal((HttpStatusCode.Forbidden, "CONFIRMATION_NEEDED"), (status, (string)body["error"]!["code"]!));
        Assert.Equal(0, _calls);
        Assert.Equal(HttpStatusCode.OK, (await ReplayAsync(id, new { confirm = true })).Status);
    }

    [Fact]
    public async Task What_is_said_anew_in_the_place_of_a_secret_is_shown_nowhere()
    {
        var id = await CaptureAsync(new { path = "/echo", query = "token=secret" });
        var (_, body) = await ReplayAsync(id, new { query = "token=CANARY1" });
        Assert.DoesNotContain("CANARY", body["data"]!["url"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("CANARY", (await server.DataAsync($"/replay/{id}/replays"))[0]!["url"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_production_target_asks_again()
    {
        await server.PutTargetAsync($"{_service}/production", _called.Urls.Single());
        var id = await CaptureAsync(new { path = "/echo", stage = "production" });
        Assert.Equal(HttpStatusCode.Forbidden, (await ReplayAsync(id, null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await ReplayAsync(id, new { confirm = true })).Status);
        Assert.Equal(HttpStatusCode.OK, (await ReplayAsync(id, new { stage = "" })).Status); // The service's own target.
        Assert.Equal(HttpStatusCode.Conflict, (await ReplayAsync(id, new { stage = "tset", confirm = true })).Status);
    }

    [Theory]
    [InlineData("/replay/7")]
    [InlineData("/api/auth/login")]
    [InlineData("/auth;x=1/login")]
    [InlineData("/auth./login")]
    [InlineData("/a/..;/b")]
    [InlineData("/blocked/by-the-project")]
    [InlineData("/blocked;x=1/by-the-project")]
    public async Task Blocked_paths_are_not_sent_to(string path)
    {
        using var put = await server.Http.PutAsJsonAsync(new Uri("/replay/blocks", UriKind.Relative), new { paths = new[] { "/blocked/" } }, BayouServer.Ct);
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        var (status, body) = await ReplayAsync(await CaptureAsync(new { path }), null);
        Assert.Equal((HttpStatusCode.Forbidden, "path"), (status, (string)body["error"]!["details"]![0]!["field"]!));
        var plain = await CaptureAsync(new { path = "/echo" });
        Assert.Equal(HttpStatusCode.Forbidden, (await ReplayAsync(plain, new { path })).Status);
        Assert.Equal(0, _calls);
    }

    [Fact]
    public async Task What_was_redacted_is_sent_once_it_is_edited()
    {
        var id = await CaptureAsync(new { method = "POST", path = "/echo", body = new { password = "CANARY" } });
        var (status, body) = await ReplayAsync(id, new { confirm = true });
        Assert.Equal((HttpStatusCode.Conflict, "body"), (status, (string)body["error"]!["details"]![0]!["field"]!));
        var (edited, answer) = await ReplayAsync(id, new { confirm = true, method = "PUT", path = "/echo/2", query = "y=1", body = new { password_hint = 1 } });
        Assert.Equal(HttpStatusCode.OK, edited);
        Assert.StartsWith("PUT /echo/2?y=1\n", (string)answer["data"]!["body"]!["seen"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_can_be_edited_all_of_them()
    {
        var id = await CaptureAsync(new { method = "POST", path = "/echo", body = new { n = 1 } });
        const string Edits = """
            {"confirm":true,"headers":{"content-type":"application/json","content-length":"7","x-a":"1","X-A":"2","x-original-url":"/auth/x"}}
            """;
        var (status, body) = await server.PostAsync(new StringContent(Edits, Encoding.UTF8, "application/json"), path: $"/replay/{id}/replay");
        Assert.Equal(HttpStatusCode.OK, status);
        var seen = (string)body["data"]!["body"]!["seen"]!;
        Assert.Contains("\nx-a: 2\n", seen.ToLowerInvariant(), StringComparison.Ordinal);
        Assert.Contains("content-type: application/json\n", seen.ToLowerInvariant(), StringComparison.Ordinal);
        Assert.DoesNotContain("original", seen, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("{\"method\":\"CONNECT\"}", "method")]
    [InlineData("{\"headers\":{\"a b\":\"c\"}}", "headers.a b")]
    [InlineData("{\"headers\":{\"a\":\"b\\r\\nc: d\"}}", "headers.a")]
    [InlineData("{\"path\":\"no-slash\"}", "path")]
    [InlineData("{\"stage\":\"a\\u0000\"}", "stage")]
    [InlineData("{\"colour\":1}", "colour")]
    public async Task What_cannot_be_sent_is_named(string edits, string field)
    {
        var id = await CaptureAsync(new { path = "/echo" });
        var (status, body) = await server.PostAsync(new StringContent(edits, Encoding.UTF8, "application/json"), path: $"/replay/{id}/replay");
        Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.Conflict, $"{status}");
        Assert.Equal(field, (string)body["error"]!["details"]![0]!["field"]!);
    }

    [Theory]
    [InlineData("/cut", "NO_ANSWER")]
    [InlineData("/garbage", "NO_ANSWER")]
    [InlineData("/endless", null)]
    [InlineData("/loop", null)]
    public async Task A_target_that_misbehaves_is_told_of(string path, string? code)
    {
        var id = await CaptureAsync(new { path });
        var (status, body) = await ReplayAsync(id, null);
        Assert.Equal(code is null ? HttpStatusCode.OK : HttpStatusCode.BadGateway, status);
        Assert.Equal(code, (string?)body["error"]?["code"]);
        if (path == "/endless")
        {
            Assert.True((bool)body["data"]!["body_truncated"]!);
        }

        if (path == "/loop")
        {
            Assert.Equal((302, 1), ((int)body["data"]!["status_code"]!, _calls)); // An answer like any other.
        }

        if (code is not null)
        {
            Assert.Equal("failed", (string)(await server.DataAsync($"/replay/{id}/replays"))[0]!["outcome"]!);
        }
    }

    [Fact]
    public async Task A_service_without_a_target_or_with_one_that_is_not_there_says_so()
    {
        var (status, body) = await ReplayAsync(await CaptureAsync(new { path = "/echo" }, "nobody-" + _service), null);
        Assert.Equal((HttpStatusCode.Conflict, "NO_TARGET"), (status, (string)body["error"]!["code"]!));
        await server.PutTargetAsync("lost-" + _service, "http://no-such-host.invalid");
        var (lost, told) = await ReplayAsync(await CaptureAsync(new { path = "/echo" }, "lost-" + _service), null);
        Assert.Equal(HttpStatusCode.BadGateway, lost);
        Assert.Contains("no-such-host.invalid is not known", (string)told["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_differs_by_itself_is_found_by_sending_twice_and_ignored_where_it_was_said()
    {
        var id = await CaptureAsync(new { path = "/counted", response_body = new { n = 7, call = 0, at = "x" } });
        var once = (await ReplayAsync(id, null)).Body["data"]!["diff"]!;
        Assert.Equal(["at", "call"], once["body"]!.AsArray().Select(one => (string)one!["path"]!).Order(StringComparer.Ordinal));
        var twice = (await ReplayAsync(id, new { twice = true })).Body["data"]!["diff"]!;
        Assert.Equal(["at"], twice["body"]!.AsArray().Select(one => (string)one!["path"]!));
        Assert.Equal("call", (string)twice["ignored"]![0]!);
        using var put = await server.Http.PutAsJsonAsync(
            new Uri("/replay/ignores", UriKind.Relative), new { service = _service, endpoint = "GET /counted", paths = new[] { "at", "call" } },
            BayouServer.Ct);
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        Assert.True((bool)(await ReplayAsync(id, null)).Body["data"]!["diff"]!["same"]!);
    }

    [Fact]
    public async Task A_run_sends_many_and_reports_by_endpoint()
    {
        long[] ids =
        [
            await CaptureAsync(new { path = "/fixed", response_body = new { ok = true } }),
            await CaptureAsync(new { path = "/fixed", response_body = new { ok = false } }),
            await CaptureAsync(new { path = "/cut" }),
            await CaptureAsync(new { path = "/fixed", status_code = 500 }),
            await CaptureAsync(new { method = "POST", path = "/fixed" }),
            999_999_999,
        ];
        using var put = await server.Http.PutAsJsonAsync(new Uri("/replay/sets/regression", UriKind.Relative), new { ids }, BayouServer.Ct);
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        var (status, begun) = await server.PostAsync(
            new StringContent("""{"set":"regression","concurrency":2,"per_second":1000}""", Encoding.UTF8, "application/json"), path: "/replay/runs");
        Assert.Equal(HttpStatusCode.Accepted, status);
        var run = (long)begun["data"]!["id"]!;
        var report = await Eventually.SeesAsync(
            () => server.DataAsync($"/replay/runs/{run}"), data => data["run"]!["ended_at"] is not null, TimeSpan.FromMinutes(1));
        Assert.Equal((6, 1, 2, 1, 1, 1, 1),
            (Count("asked"), Count("same"), Count("differs"), Count("mended"), Count("failed"), Count("refused"), Count("gone")));
        Assert.Equal(
            ["GET /cut", "GET /fixed", "POST /fixed"], report["endpoints"]!.AsArray().Select(one => (string)one!["endpoint"]!).Order(StringComparer.Ordinal));
        Assert.Equal("regression", (string)(await server.DataAsync($"/replay/runs"))[0]!["name"]!);
        Assert.Contains((await server.DataAsync($"/replay/sets")).AsArray(), set => (string)set!["name"]! == "regression");
        var job = await Eventually.SeesAsync(
            () => server.DataAsync($"/worker/jobs/{(long)begun["data"]!["job_id"]!}"), one => (string)one["job"]!["status"]! == "succeeded");
        Assert.Equal(1, (int)job["result"]!["gone"]!);

        int Count(string name) => (int)report["run"]![name]!;
    }

    [Fact]
    public async Task A_run_may_be_of_all_that_filters_select()
    {
        await CaptureAsync(new { path = "/fixed", route = "/fixed", status_code = 500 });
        await CaptureAsync(new { path = "/fixed", route = "/fixed", status_code = 503 });
        await CaptureAsync(new { path = "/fixed", route = "/fixed" });
        var of = $"/replay/runs?service={_service}&endpoint=GET%20/fixed&status_code__gte=500";
        var begun = (await server.PostAsync(JsonContent.Create(new { per_second = 1000 }), path: of)).Body["data"]!;
        var run = (await Eventually.SeesAsync(
            () => server.DataAsync($"/replay/runs/{(long)begun["id"]!}"), one => one["run"]!["ended_at"] is not null))["run"]!;
        Assert.Equal((2, 2, 2), ((int)run["asked"]!, (int)run["mended"]!, _calls));
    }

    [Theory]
    [InlineData("?service=nobody", "{}", "query")]
    [InlineData("?mode=keyword", "{}", "query")]
    [InlineData("?colour=red", "{}", "colour")]
    [InlineData("?service=nobody", "{\"ids\":[1]}", "ids")]
    public async Task A_run_of_filters_that_cannot_be_is_refused(string filters, string body, string field)
    {
        var (status, answer) = await server.PostAsync(new StringContent(body, Encoding.UTF8, "application/json"), path: $"/replay/runs{filters}");
        Assert.Equal((HttpStatusCode.BadRequest, field), (status, (string)answer["error"]!["details"]![0]!["field"]!));
    }

    [Fact]
    public async Task A_run_of_more_than_it_may_be_of_is_refused()
    {
        var items = string.Join(',', Enumerable.Repeat(
            $$"""{"service":"{{_service}}","method":"GET","path":"/fixed","status_code":200,"duration":1}""", ReplayRuns.MostIds + 1));
        await server.PostAsync(new StringContent($"[{items}]", Encoding.UTF8, "application/json"), path: "/ingest/v1/snapshots");
        var (status, answer) = await server.PostAsync(JsonContent.Create(new { }), path: $"/replay/runs?service={_service}");
        Assert.Equal((HttpStatusCode.BadRequest, "query"), (status, (string)answer["error"]!["details"]![0]!["field"]!));
    }

    [Fact]
    public async Task A_run_that_is_cancelled_has_ended_and_each_was_sent_once_at_most()
    {
        long[] ids = [await CaptureAsync(new { path = "/echo" }), await CaptureAsync(new { path = "/echo" })];
        var begun = (await server.PostAsync(JsonContent.Create(new { ids, per_second = 0.001 }), path: "/replay/runs")).Body["data"]!;
        await Eventually.SeesAsync(() => server.DataAsync($"/replay/runs/{(long)begun["id"]!}"), one => one["replays"]!.AsArray().Count == 1);
        await server.PostAsync(new ByteArrayContent([]), path: $"/worker/jobs/{(long)begun["job_id"]!}/cancel");
        var run = (await Eventually.SeesAsync(
            () => server.DataAsync($"/replay/runs/{(long)begun["id"]!}"), one => one["run"]!["ended_at"] is not null))["run"]!;
        Assert.Equal((2, 1, 1), ((int)run["asked"]!, (int)run["same"]! + (int)run["differs"]! + (int)run["failed"]!, _calls));
    }

    [Theory]
    [InlineData("{}", "ids")]
    [InlineData("{\"ids\":[]}", "ids")]
    [InlineData("{\"set\":\"no such\"}", "set")]
    [InlineData("{\"set\":\"a\\u0000\"}", "set")]
    [InlineData("{\"ids\":[1],\"stage\":\"a\\u0000\"}", "stage")]
    [InlineData("{\"ids\":[1],\"concurrency\":100}", "concurrency")]
    [InlineData("{\"ids\":[1],\"per_second\":0}", "per_second")]
    public async Task A_run_that_cannot_be_is_refused(string body, string field)
    {
        var (status, answer) = await server.PostAsync(new StringContent(body, Encoding.UTF8, "application/json"), path: "/replay/runs");
        Assert.Equal((HttpStatusCode.BadRequest, field), (status, (string)answer["error"]!["details"]![0]!["field"]!));
    }

    private async Task<long> CaptureAsync(object some, string? service = null)
    {
        var item = JsonSerializer.SerializeToNode(some)!.AsObject();
        var trace = Guid.NewGuid().ToString("N");
        (item["service"], item["duration"], item["trace_id"]) = (service ?? _service, 1, trace);
        item["method"] ??= "GET";
        item["status_code"] ??= 200;
        var (status, body) = await server.PostAsync(
            new StringContent(item.ToJsonString(), Encoding.UTF8, "application/json"), path: "/ingest/v1/snapshots");
        Assert.True(status == HttpStatusCode.Accepted, body.ToJsonString());
        return (long)(await server.DataAsync($"/replay?trace_id={trace}")).AsArray().Single()!["id"]!;
    }

    private Task<(HttpStatusCode Status, JsonNode Body)> ReplayAsync(long id, object? edits) => server.PostAsync(
        edits is null ? new ByteArrayContent([]) : new StringContent(JsonSerializer.Serialize(edits), Encoding.UTF8, "application/json"),
        path: $"/replay/{id}/replay");

    private static WebApplication Called()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder.Build();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var calls = Interlocked.Increment(ref _calls);
        switch (http.Request.Path.Value)
        {
            case "/cut":
                http.Abort();
                return;
            case "/garbage":
                http.Response.Headers.ContentLength = 1_000;
                await http.Response.WriteAsync("short", http.RequestAborted);
                http.Abort();
                return;
            case "/loop":
                http.Response.Redirect("/loop");
                return;
            case "/endless":
                var block = Encoding.ASCII.GetBytes(new string('x', 16 * 1024));
                while (!http.RequestAborted.IsCancellationRequested)
                {
                    await http.Response.Body.WriteAsync(block, http.RequestAborted);
                }

                return;
            case "/fixed":
                await http.Response.WriteAsJsonAsync(new { ok = true }, http.RequestAborted);
                return;
            case "/counted":
                await http.Response.WriteAsJsonAsync(new { n = 7, call = calls, at = "y" }, http.RequestAborted);
                return;
            default:
                using (var reader = new StreamReader(http.Request.Body))
                {
                    var raw = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
                    var headers = string.Concat(http.Request.Headers.Select(header => $"{header.Key.ToLowerInvariant()}: {header.Value}\n"));
                    var seen = $"{http.Request.Method} {raw}\n{headers}\n{await reader.ReadToEndAsync(http.RequestAborted)}";
                    await http.Response.WriteAsJsonAsync(new { seen }, http.RequestAborted);
                }

                return;
        }
    }
}
