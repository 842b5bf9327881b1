using System.Net;
using System.Text.Json.Nodes;

namespace Bayou.Jobs;

/// <summary>Bayou's own work.</summary>
public sealed class SystemJobTests
{
    [Fact]
    public async Task It_is_among_jobs_and_runs_by_schedules()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database, ("Bayou:Jobs:Queues:system", "4"));
        var schedules = (await server.DataAsync($"/worker/schedules?scope=system")).AsArray();
        Assert.Equal(
            [
                "health.check", "jobs.cleanup", "logs.cleanup", "logs.seal", "metrics.cleanup", "metrics.rollup", "points.cleanup", "projects.cleanup",
                "replay.cleanup", "replay.seal", "traces.cleanup", "traces.seal",
            ],
            schedules.Select(schedule => (string)schedule!["type"]!).Order(StringComparer.Ordinal));
        foreach (var schedule in schedules)
        {
            using var response = await server.Http.PostAsync(
                new Uri($"/worker/schedules/{(int)schedule!["id"]!}/run", UriKind.Relative), null, BayouServer.Ct);
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
            var id = (long)JsonNode.Parse(await response.Content.ReadAsStringAsync(BayouServer.Ct))!["data"]!["id"]!;
            var job = await Eventually.SeesAsync(
                async () => (await server.DataAsync($"/worker/jobs/{id}"))["job"]!, job => (string)job["status"]! is "succeeded" or "dead");
            Assert.True((string)job["status"]! == "succeeded", $"{job}");
        }

        using var gone = await server.Http.DeleteAsync(new Uri($"/worker/schedules/{(int)schedules[0]!["id"]!}", UriKind.Relative), BayouServer.Ct);
        Assert.Equal(HttpStatusCode.Conflict, gone.StatusCode); // It can be turned off.
        Assert.DoesNotContain(
            (await server.DataAsync($"/worker/jobs?limit=1000")).AsArray(), job => ((string)job!["type"]!).StartsWith("metrics.", StringComparison.Ordinal));
    }
}
