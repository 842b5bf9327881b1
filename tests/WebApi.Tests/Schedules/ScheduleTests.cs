using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Bayou.Schedules;

/// <summary>Schedules over HTTP.</summary>
public sealed class ScheduleTests(BayouServer server) : IClassFixture<BayouServer>
{
    private const string Address = "/worker/schedules";

    [Fact]
    public async Task A_schedule_runs_each_occurrence_once()
    {
        var made = await MakeAsync(new { name = Name(), type = "noop", every_seconds = 1, missed = "run_all", overlap = true });
        var id = (int)made["id"]!;
        var jobs = await Eventually.SeesAsync(async () => (await server.DataAsync($"/worker/jobs?schedule_id={id}")).AsArray(), jobs => jobs.Count >= 3);
        var times = jobs.Select(job => DateTimeOffset.Parse((string)job!["run_at"]!, System.Globalization.CultureInfo.InvariantCulture)).Order().ToList();
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.Equal(TimeSpan.FromSeconds(1), pair.Second - pair.First));
        Assert.All(jobs, job => Assert.Equal($"schedule:{id}", (string)job!["created_by"]!));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Patch, $"{Address}/{id}", new { enabled = false })).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, $"{Address}/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Delete, $"{Address}/{id}")).Status);
    }

    [Fact]
    public async Task A_run_does_not_begin_before_the_one_before_it_has_ended()
    {
        var made = await MakeAsync(new { name = Name(), type = "noop", payload = new { ms = 60_000 }, every_seconds = 1 });
        var id = (int)made["id"]!;
        await Eventually.SeesAsync(async () => await OneAsync(id), schedule => schedule["last_skipped"] is not null);
        Assert.Single((await server.DataAsync($"/worker/jobs?schedule_id={id}")).AsArray());
        await SendAsync(HttpMethod.Delete, $"{Address}/{id}");
        await SendAsync(HttpMethod.Post, $"/worker/jobs/cancel?schedule_id={id}");
    }

    [Fact]
    public async Task One_that_runs_once_is_over_then()
    {
        var made = await MakeAsync(new { name = Name(), type = "noop", once_at = DateTimeOffset.UtcNow.AddSeconds(3) });
        var ended = await Eventually.SeesAsync(async () => await OneAsync((int)made["id"]!), schedule => (string?)schedule["last_status"] == "succeeded");
        Assert.Equal((false, true), ((bool)ended["enabled"]!, ended["next_run"] is null));
    }

    [Fact]
    public async Task The_next_runs_are_told_before_it_is_saved()
    {
        var (status, answer) = await SendAsync(HttpMethod.Post, $"{Address}/preview", new { cron = "0 9 * * 1-5", time_zone = "Europe/Zurich" });
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(5, answer!["data"]!["next_runs"]!.AsArray().Count);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, $"{Address}/preview", new { cron = "0 0 30 2 *" })).Status);
    }

    [Fact]
    public async Task A_change_changes_what_it_says_and_when_it_runs_next()
    {
        var name = Name();
        var made = await MakeAsync(new { name, type = "noop", cron = "0 3 * * *", payload = new { ms = 5 } });
        var (_, changed) = await SendAsync(HttpMethod.Patch, $"{Address}/{(int)made["id"]!}", new { cron = "30 4 * * *", time_zone = "Asia/Tokyo" });
        Assert.EndsWith("T19:30:00.000Z", (string)changed!["data"]!["next_run"]!, StringComparison.Ordinal);
        Assert.Equal((name, 5), ((string)changed["data"]!["name"]!, (int)changed["data"]!["payload"]!["ms"]!));
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(HttpMethod.Post, Address, new { name, type = "noop", cron = "@daily" })).Status);
        var audit = await server.DataAsync($"/audit?target=schedule:{(int)made["id"]!}");
        Assert.Equal(["schedule.change", "schedule.create"], audit.AsArray().Select(row => (string)row!["action"]!));
    }

    [Theory]
    [InlineData("cron", "0 0 30 2 *", "cron")]
    [InlineData("cron", "every day", "cron")]
    [InlineData("time_zone", "Mars/Olympus", "time_zone")]
    [InlineData("every_seconds", 0, "cron")] // beside the cron expression
    [InlineData("once_at", "2020-01-01T00:00:00Z", "cron")]
    [InlineData("type", "nope", "type")]
    [InlineData("type", "metrics.rollup", "type")] // Bayou's own
    [InlineData("payload", "text", "payload")]
    [InlineData("missed", "never", "missed")]
    [InlineData("jitter_ms", -1, "jitter_ms")]
    [InlineData("queue", "nope", "queue")]
    [InlineData("priority", 7, "priority")]
    [InlineData("name", " ", "name")]
    [InlineData("colour", "red", "colour")]
    public async Task What_does_not_fit_names_its_field(string field, object value, string named)
    {
        var body = new Dictionary<string, object> { ["name"] = Name(), ["type"] = "noop", ["cron"] = "@hourly", [field] = value };
        var (status, answer) = await SendAsync(HttpMethod.Post, Address, body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(named, (string)answer!["error"]!["details"]![0]!["field"]!);
    }

    private static string Name() => $"s-{Guid.NewGuid():N}";

    private async Task<JsonNode> OneAsync(int id) => (await server.DataAsync($"/worker/schedules?id={id}"))[0]!;

    private async Task<JsonNode> MakeAsync(object schedule)
    {
        var (status, answer) = await SendAsync(HttpMethod.Post, Address, schedule);
        Assert.True(status == HttpStatusCode.Created, $"{answer}");
        return answer!["data"]!;
    }

    private async Task<(HttpStatusCode Status, JsonNode? Body)> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await server.Http.SendAsync(request, BayouServer.Ct);
        var text = await response.Content.ReadAsStringAsync(BayouServer.Ct);
        return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }
}
