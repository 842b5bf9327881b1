using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bayou.Jobs;

/// <summary>Jobs over HTTP.</summary>
public sealed class JobTests(BayouServer server) : IClassFixture<BayouServer>
{
    private const string Address = "/worker/jobs";

    [Fact]
    public async Task A_job_is_taken_runs_and_is_shown()
    {
        var id = await EnqueueAsync(new { type = "noop", payload = new { ms = 20 } });
        var job = await EndedAsync(id);
        Assert.Equal(("succeeded", "noop", "default", 1), ((string)job["status"]!, (string)job["type"]!, (string)job["queue"]!, (int)job["attempts"]!));
        Assert.Equal(20, (int)job["payload"]!["ms"]!);
        Assert.NotNull(job["started_at"]);
        Assert.NotNull(job["finished_at"]);
        Assert.Equal(id, (long)(await server.DataAsync($"/worker/jobs?status=succeeded&type=noop&id={id}"))[0]!["id"]!);
    }

    [Theory]
    [InlineData("""{ "type": "nope" }""", "type", "must be one of health.check, http.request, jobs.cleanup")]
    [InlineData("""{ }""", "type", "must be one of health.check, http.request, jobs.cleanup")]
    [InlineData("""{ "type": "noop", "payload": { "ms": "soon" } }""", "payload.ms", "is not known here, or not of its type; see GET /worker/types")]
    [InlineData("""{ "type": "noop", "payload": { "ms": -1 } }""", "payload.ms", "must be from 0 to 300000")]
    [InlineData("""{ "type": "noop", "payload": { "sm": 1 } }""", "payload.sm", "is not known here, or not of its type; see GET /worker/types")]
    [InlineData("""{ "type": "noop", "payload": [1] }""", "payload", "must be a JSON object")]
    [InlineData("""{ "type": "noop", "payload": { "error": "\u0000" } }""", "payload",
        "has what cannot be stored: NUL, half a surrogate pair, or a number beyond all bounds")]
    [InlineData("""{ "type": "noop", "queue": "nope" }""", "queue", "must be one of default, http")]
    [InlineData("""{ "type": "noop", "queue": "system" }""", "queue", "must be one of default, http")]
    [InlineData("""{ "type": "noop", "priority": 4 }""", "priority", "must be from 0 to 3")]
    [InlineData("""{ "type": "noop", "max_attempts": 0 }""", "max_attempts", "must be from 1 to 100")]
    [InlineData("""{ "type": "noop", "delay_ms": -5 }""", "delay_ms", "must be from 0 to 31622400000")]
    [InlineData("""{ "type": "noop", "delay_ms": 5, "run_at": "2030-01-01T00:00:00Z" }""", "run_at", "does not go with delay_ms")]
    [InlineData("""{ "type": "noop", "unique": { "until": "end" } }""", "unique.key", "must be a text of 1 to 255 characters")]
    [InlineData("""{ "type": "noop", "unique": { "key": "a", "until": "expiry" } }""", "unique.for_ms", "must be given with until=expiry, and only with it")]
    [InlineData("""{ "type": "noop", "after": [999999999] }""", "after", "has 999999999, which is no job here")]
    [InlineData("""{ "type": "noop", "unique": { "key": "schedule:1" } }""", "unique.key", "must not begin with schedule:")]
    [InlineData("""{ "type": "http.request", "payload": { "target": "a", "headers": { "a": "1\r\nb: 2" } } }""", "payload.headers", "must be names of")]
    [InlineData("""{ "type": "http.request", "payload": { "target": "a", "headers": { "a b": "1" } } }""", "payload.headers", "must be names of")]
    [InlineData("""{ "type": "http.request", "payload": { "target": "a", "success_statuses": [99999] } }""", "payload.success_statuses", "must be statuses")]
    [InlineData("""{ "type": "noop", "kind": 1 }""", "kind", "is not known here, or not of its type")]
    [InlineData("""[]""", "body", "must be 1 to 1000 jobs")]
    [InlineData("""{ "jobs": [] }""", "jobs", "must be 1 to 1000 jobs")]
    [InlineData("""{ "jobs": [{ "type": "noop" }], "them": {} }""", "them", "does not go with jobs; there is then")]
    [InlineData("""{ "jobs": [{ "type": "noop" }], "then": { "type": "nope" } }""", "then.type", null)]
    [InlineData("""nonsense""", "body", "must be JSON")]
    [InlineData("""{ "type": "noop", "payload": { "error": "\ud800" } }""", "payload.error", null)]
    [InlineData("""{ "type": "noop", "payload": { "\ud800": 1 } }""", "payload", null)]
    [InlineData("""{ "type": "no\ud800op" }""", "type", null)]
    [InlineData("""{ "jobs": [{ "type": "noop" }], "\udc00": 1 }""", "body", null)]
    [InlineData("""[{ "type": "noop", "queue": "\ud800" }]""", "queue", null)]
    public async Task What_does_not_fit_names_its_field(string body, string field, string? message)
    {
        var before = await CountAsync();
        var (status, answer) = await PostAsync(Address, body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, (string)answer["error"]!["details"]![0]!["field"]!);
        if (message is not null)
        {
            Assert.StartsWith(message, (string)answer["error"]!["details"]![0]!["message"]!, StringComparison.Ordinal);
        }

        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task A_payload_of_a_megabyte_is_refused_by_name()
    {
        var (status, answer) = await PostAsync(Address, $$"""{ "type": "noop", "payload": { "error": "{{new string('x', 1_000_000)}}" } }""");
        Assert.Equal((HttpStatusCode.BadRequest, "payload"), (status, (string)answer["error"]!["details"]![0]!["field"]!));
    }

    [Fact]
    public async Task Of_a_list_with_a_wrong_one_none_is_taken_and_it_is_told_which()
    {
        var before = await CountAsync();
        var (status, answer) = await PostAsync(Address, """[{ "type": "noop" }, { "type": "noop", "priority": 9 }, { "type": "what" }]""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal([1, 2], answer["error"]!["details"]!.AsArray().Select(detail => (int)detail!["index"]!));
        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task A_batch_has_a_job_that_runs_when_all_are_done_however_they_ended()
    {
        var (status, answer) = await PostAsync(Address, """
            { "jobs": [{ "type": "noop" }, { "type": "noop", "payload": { "error": "bad" }, "max_attempts": 1 }, { "type": "noop", "payload": { "ms": 50 } }],
              "then": { "type": "noop" } }
            """);
        Assert.Equal(HttpStatusCode.Accepted, status);
        var then = (long)answer["data"]!["then_id"]!;
        Assert.Equal("succeeded", (string)(await EndedAsync(then))["status"]!);
        var ids = answer["data"]!["jobs"]!.AsArray().Select(job => (long)job!["id"]!).ToList();
        var ended = await server.DataAsync($"/worker/jobs?id__in={string.Join(',', ids)}&order_by=id&order=asc");
        Assert.Equal(["succeeded", "dead", "succeeded"], ended.AsArray().Select(job => (string)job!["status"]!));
        Assert.All(ended.AsArray(), job => Assert.Equal(ids[0], (long)job!["batch_id"]!));
    }

    [Fact]
    public async Task What_waits_for_the_success_of_a_job_that_is_cancelled_is_cancelled_too()
    {
        var first = await EnqueueAsync(new { type = "noop", delay_ms = 3_600_000 });
        var second = await EnqueueAsync(new { type = "noop", after = new[] { first } });
        var third = await EnqueueAsync(new { type = "noop", after = new[] { second } });
        var last = await EnqueueAsync(new { type = "noop", after = new[] { third }, after_any_end = true });
        Assert.Equal([first], (await server.DataAsync($"/worker/jobs/{second}"))["after"]!.AsArray().Select(after => (long)after!["id"]!));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"{Address}/{first}/cancel", "")).Status);
        Assert.Equal("cancelled", (string)(await EndedAsync(second))["status"]!);
        Assert.Contains($"{second}", (string)(await EndedAsync(third))["error"]!, StringComparison.Ordinal);
        Assert.Equal("succeeded", (string)(await EndedAsync(last))["status"]!);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(Address, $$"""{ "type": "noop", "after": [{{first}}] }""")).Status);
    }

    [Fact]
    public async Task A_repeat_under_one_idempotency_key_changes_nothing()
    {
        var key = $"{Guid.NewGuid():N}";
        const string Body = """{ "type": "noop", "delay_ms": 3600000 }""";
        var (_, first) = await PostAsync(Address, Body, key);
        var (status, again) = await PostAsync(Address, Body, key);
        Assert.Equal((HttpStatusCode.Accepted, (long)first["data"]!["id"]!, true),
            (status, (long)again["data"]!["id"]!, (bool)again["data"]!["duplicate"]!));
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(Address, """{ "type": "noop" }""", key)).Status);
        var repeats = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PostAsync(Address, Body, key + "x")));
        Assert.Single(repeats.Select(repeat => (long)repeat.Body["data"]!["id"]!).Distinct());
    }

    [Fact]
    public async Task A_unique_job_is_there_once()
    {
        var unique = new { type = "noop", delay_ms = 3_600_000, unique = new { key = $"{Guid.NewGuid():N}" } };
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PostAsync(Address, JsonSerializer.Serialize(unique))));
        var id = Assert.Single(answers.Select(answer => (long)answer.Body["data"]!["id"]!).Distinct());
        Assert.Equal(9, answers.Count(answer => (bool)answer.Body["data"]!["duplicate"]!));
        await PostAsync($"{Address}/{id}/cancel", "");
        Assert.NotEqual(id, await EnqueueAsync(unique));
    }

    [Fact]
    public async Task A_dead_job_is_tried_again_with_all_its_attempts()
    {
        var id = await EnqueueAsync(new { type = "noop", payload = new { error = "order 77 has no address" }, max_attempts = 1 });
        Assert.Equal("dead", (string)(await EndedAsync(id))["status"]!);
        var (status, _) = await PostAsync($"{Address}/{id}/retry", "");
        Assert.Equal(HttpStatusCode.OK, status);
        var detail = await Eventually.SeesAsync(() => server.DataAsync($"/worker/jobs/{id}"), detail => detail["attempts"]!.AsArray().Count == 2);
        Assert.Equal("order 77 has no address", (string)detail["attempts"]![1]!["error"]!);
        await EndedAsync(id);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync($"{Address}/999999999/retry", "")).Status);
    }

    [Fact]
    public async Task A_delayed_job_is_run_now_and_one_that_succeeded_is_not_run_again()
    {
        var id = await EnqueueAsync(new { type = "noop", delay_ms = 3_600_000 });
        Assert.Equal("scheduled", (string)(await server.DataAsync($"/worker/jobs/{id}"))["job"]!["status"]!);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"{Address}/{id}/run", "")).Status);
        Assert.Equal("succeeded", (string)(await EndedAsync(id))["status"]!);
        foreach (var verb in (string[])["run", "retry", "cancel"])
        {
            Assert.Equal(HttpStatusCode.Conflict, (await PostAsync($"{Address}/{id}/{verb}", "")).Status);
        }
    }

    [Fact]
    public async Task Cancelling_reaches_a_handler_that_runs()
    {
        var id = await EnqueueAsync(new { type = "noop", payload = new { ms = 300_000 } });
        await Eventually.SeesAsync(async () => (string)(await server.DataAsync($"/worker/jobs/{id}"))["job"]!["status"]!, status => status == "running");
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"{Address}/{id}/cancel", "")).Status);
        Assert.Equal("cancelled", (string)(await EndedAsync(id))["status"]!);
    }

    [Fact]
    public async Task What_filters_select_is_changed_as_a_whole()
    {
        var key = $"k{Guid.NewGuid():N}";
        var (_, answer) = await PostAsync(Address, JsonSerializer.Serialize(Enumerable.Range(0, 5).Select(i =>
            new { type = "noop", delay_ms = 3_600_000, unique = new { key = $"{key}-{i}" } })));
        var ids = answer["data"]!["jobs"]!.AsArray().Select(job => (long)job!["id"]!).ToList();
        var (_, cancelled) = await PostAsync($"{Address}/cancel?search={key}", "");
        Assert.Equal(5, (int)cancelled["data"]!["changed"]!);
        var (_, retried) = await PostAsync($"{Address}/retry?id__in={ids[0]},{ids[1]}", "");
        Assert.Equal(2, (int)retried["data"]!["changed"]!);
        Assert.Equal("succeeded", (string)(await EndedAsync(ids[0]))["status"]!);
        var facets = await server.DataAsync($"/worker/jobs/facets?search={key}");
        Assert.Equal(3, (long)facets["status"]!.AsArray().Single(count => (string)count!["value"]! == "cancelled")!["count"]!);
        Assert.Equal("query", (string)(await PostAsync($"{Address}/cancel", "")).Body["error"]!["details"]![0]!["field"]!);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync($"{Address}/cancel?colour=red", "")).Status);
    }

    [Fact]
    public async Task What_was_cancelled_while_it_waited_for_others_does_not_run_before_them()
    {
        var first = await EnqueueAsync(new { type = "noop", delay_ms = 3_600_000 });
        var second = await EnqueueAsync(new { type = "noop", after = new[] { first } });
        await PostAsync($"{Address}/{second}/cancel", "");
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync($"{Address}/{second}/retry", "")).Status);
        Assert.Equal("cancelled", (string)(await EndedAsync(second))["status"]!);
    }

    [Fact]
    public async Task Of_dead_jobs_of_one_key_one_comes_back()
    {
        var job = new { type = "noop", payload = new { error = "no" }, max_attempts = 1, unique = new { key = $"{Guid.NewGuid():N}" } };
        var ids = new List<long>();
        for (var i = 0; i < 2; i++)
        {
            ids.Add(await EnqueueAsync(job));
            await EndedAsync(ids[^1]);
        }

        var (_, retried) = await PostAsync($"{Address}/retry?id__in={string.Join(',', ids)}", "");
        Assert.Equal(1, (int)retried["data"]!["changed"]!);
        var unique = new { key = $"{Guid.NewGuid():N}", until = "expiry", for_ms = 60_000 };
        var expiring = new { type = "noop", payload = new { error = "no" }, max_attempts = 1, unique };
        var id = await EnqueueAsync(expiring);
        await EndedAsync(id);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"{Address}/{id}/retry", "")).Status); // Its own key does not keep it.
    }

    [Fact]
    public async Task A_change_is_of_those_that_it_can_change()
    {
        var key = $"k{Guid.NewGuid():N}";
        await EndedAsync(await EnqueueAsync(new { type = "noop", payload = new { error = key }, max_attempts = 1 }));
        await EnqueueAsync(new { type = "noop", payload = new { error = key }, delay_ms = 3_600_000 });
        Assert.Equal(1, (int)(await PostAsync($"{Address}/retry?search={key}", "")).Body["data"]!["changed"]!);
        Assert.Equal(0, (int)(await PostAsync($"{Address}/retry?search={key}&status=succeeded", "")).Body["data"]!["changed"]!);
    }

    [Fact]
    public async Task New_jobs_are_polled_for_by_id()
    {
        var last = (long)(await server.GetAsync($"/worker/jobs?limit=1")).Body["metadata"]!["last_id"]!;
        var ids = new[] { await EnqueueAsync(new { type = "noop" }), await EnqueueAsync(new { type = "noop", delay_ms = 60_000 }) };
        var (_, page) = await server.GetAsync($"/worker/jobs?id__gt={last}&type=noop");
        Assert.Equal(ids, page["data"]!.AsArray().Select(job => (long)job!["id"]!).Intersect(ids));
        Assert.False((bool)page["metadata"]!["has_more"]!);
        Assert.True((bool)(await server.GetAsync($"/worker/jobs?id__gt=999999999999")).Body["metadata"]!["reset"]!);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.GetAsync($"/worker/jobs?status=asleep")).Status);
    }

    [Fact]
    public async Task A_jobs_lines_are_found_by_it()
    {
        await server.PutTargetAsync("silent", "http://127.0.0.1:9");
        var id = await EnqueueAsync(new { type = "http.request", payload = new { target = "silent" }, max_attempts = 1 });
        Assert.Equal("dead", (string)(await EndedAsync(id))["status"]!);
        var lines = await Eventually.SeesAsync(async () => (await server.DataAsync($"/worker/jobs/{id}/logs")).AsArray(), lines => lines.Count > 0);
        Assert.Contains(lines, line => ((string)line!["message"]!).Contains("127.0.0.1", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.Equal(id, (long)line!["meta"]!["job_id"]!));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"/worker/jobs/999999999/logs")).Status);
    }

    [Fact]
    public async Task Stats_and_health_tell_of_queues_and_workers()
    {
        await EndedAsync(await EnqueueAsync(new { type = "noop" }));
        var stats = await server.DataAsync($"/worker/stats");
        Assert.Equal(["default", "http", "system"], stats["queues"]!.AsArray().Select(queue => (string)queue!["queue"]!));
        Assert.Equal("live", (string)stats["workers"]![0]!["status"]!);
        Assert.True(stats["minutes"]!.AsArray().Sum(minute => (long)minute!["succeeded"]!) > 0);
        var figures = (await server.DataAsync($"/health/worker"))["parts"]!["jobs"]!["figures"]!;
        Assert.Equal(1, (double)figures["workers"]!);
    }

    private async Task<long> EnqueueAsync(object job)
    {
        var (status, answer) = await PostAsync(Address, JsonSerializer.Serialize(job));
        Assert.True(status == HttpStatusCode.Accepted, $"{answer}");
        return (long)answer["data"]!["id"]!;
    }

    private async Task<JsonNode> EndedAsync(long id) => await Eventually.SeesAsync(
        async () => (await server.DataAsync($"/worker/jobs/{id}"))["job"]!, job => (string)job["status"]! is "succeeded" or "dead" or "cancelled");

    private Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(string path, string body, string? key = null) =>
        server.PostAsync(new StringContent(body, Encoding.UTF8, "application/json"), key, path);

    private async Task<long> CountAsync()
    {
        await using var command = server.Db.CreateCommand("SELECT count(*) FROM jobs WHERE project_id = 1 AND queue <> 'system'");
        await using var ended = server.Db.CreateCommand("SELECT count(*) FROM job_history WHERE project_id = 1");
        return (long)(await command.ExecuteScalarAsync(BayouServer.Ct))! + (long)(await ended.ExecuteScalarAsync(BayouServer.Ct))!;
    }
}
