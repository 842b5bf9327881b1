using System.Net;
using Bayou.Health;
using Bayou.Hosting;
using Microsoft.Extensions.Configuration;
using Orleans;

namespace Bayou.Cluster;

public sealed class ClusterTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task The_only_process_shows_itself()
    {
        var cluster = await server.DataAsync($"/cluster");
        Assert.Equal(SiloHosting.Runtime, (string?)cluster["runtime"]);
        Assert.Equal("localhost", (string?)cluster["mode"]);
        var node = Assert.Single(cluster["nodes"]!.AsArray())!;
        Assert.Equal((string?)cluster["self"], (string?)node["id"]);
        Assert.Equal("up", (string?)node["status"]);
        Assert.Equal(["silo", "ingest", "query", "ui"], node["roles"]!.AsArray().Select(role => (string?)role));
        Assert.True((long)node["memory_bytes"]! > 10_000_000);
    }

    [Theory]
    [InlineData("beat_at = now() - interval '12 s'", "silent")]
    [InlineData("stopping_at = now()", "stopping")]
    [InlineData("beat_at = now() - interval '12 s', stopping_at = now()", "silent")]
    [InlineData("beat_at = now() - interval '40 s', stopped_at = now() - interval '40 s'", "stopped")]
    [InlineData("silo = '10.0.0.9:11111@77'", "dead")]
    public async Task What_others_are_is_told_by_their_heartbeats_and_by_membership(string change, string status)
    {
        var id = Guid.NewGuid();
        await ExecuteAsync($"""
            INSERT INTO cluster_membership_version VALUES ('bayou', 0) ON CONFLICT DO NOTHING;
            INSERT INTO cluster_membership VALUES ('bayou', '10.0.0.9', 11111, 77, 's', 'h', 6, 1, NULL, now(), now()) ON CONFLICT DO NOTHING;
            INSERT INTO cluster_nodes
            VALUES ('{id}', 'other', '{"{silo}"}', '1.0.0', 'orleans', '', now() - interval '1 min', now(), NULL, NULL, 0.5, 1, 2, '{"{\"rollup\": 1}"}');
            UPDATE cluster_nodes SET {change} WHERE id = '{id}'
            """);
        var node = Assert.Single((await server.DataAsync($"/cluster"))["nodes"]!.AsArray(), node => (Guid)node!["id"]! == id)!;
        Assert.Equal(status, (string?)node["status"]);
        Assert.Equal(1, (int)node["activations"]!["rollup"]!);
        await ExecuteAsync($"DELETE FROM cluster_nodes WHERE id = '{id}'");
    }

    [Fact]
    public async Task The_health_reminder_finds_what_is_wrong_and_says_when_it_is_well_again()
    {
        var health = server.Get<IGrainFactory>().GetGrain<IHealthGrain>(IHealthGrain.Key);
        var id = Guid.NewGuid();
        await ExecuteAsync($"""
            INSERT INTO cluster_nodes
            VALUES ('{id}', 'lost', '{"{silo}"}', '1.0.0', 'orleans', '', now(), now() - interval '1 min', NULL, NULL, 0.5, 1, 2, '{"{}"}');
            INSERT INTO metric_marks (seconds, start, created_at, touched_at) VALUES (3600, '2020-01-01', now() - interval '2 h', now())
            """);
        await health.RunAsync(Ct);
        var checks = await ChecksAsync();
        Assert.Equal("lost no longer answer.", checks["nodes"]);
        Assert.NotNull(checks["rollups"]);
        Assert.Null(checks["partitions"]);
        Assert.Null(checks["journal"]);

        await ExecuteAsync($"DELETE FROM cluster_nodes WHERE id = '{id}'; DELETE FROM metric_marks WHERE start = '2020-01-01'");
        await health.RunAsync(Ct);
        Assert.All((await ChecksAsync()).Values, Assert.Null);
    }

    [Fact]
    public async Task A_reminders_runs_are_kept_and_its_failures()
    {
        var runs = server.Get<ReminderRuns>();
        await runs.RunAsync("test", () => Task.CompletedTask);
        await Assert.ThrowsAsync<InvalidOperationException>(() => runs.RunAsync("test", () => throw new InvalidOperationException("no")));
        var reminder = Assert.Single((await server.DataAsync($"/cluster"))["reminders"]!.AsArray(), reminder => (string?)reminder!["name"] == "test")!;
        Assert.Equal((2, 1, "no"), ((long)reminder["runs"]!, (long)reminder["failures"]!, (string?)reminder["error"]));
        await runs.RunAsync("test", () => Task.CompletedTask);
        reminder = Assert.Single((await server.DataAsync($"/cluster"))["reminders"]!.AsArray(), reminder => (string?)reminder!["name"] == "test")!;
        Assert.Null(reminder["error"]);
    }

    [Fact]
    public async Task A_process_that_ends_says_goodbye_and_is_not_ready_meanwhile()
    {
        await using var database = await TestDatabase.CreateAsync();
        var ending = await BayouServer.StartAsync(database, ("Bayou:Cluster:DrainSeconds", "1"), ("Bayou:Cluster:Node", "ending"));
        var drain = ending.Get<Drain>();
        var stopping = drain.StoppingAsync(Ct);
        var (status, body) = await ending.GetAsync($"/health/readiness");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal("unhealthy", (string?)body["data"]!["parts"]!["process"]!["status"]);
        Assert.Equal(HttpStatusCode.OK, (await ending.GetAsync($"/metrics")).Status); // Who still asks is answered.
        await stopping;
        await ending.DisposeAsync();

        await using var db = Npgsql.NpgsqlDataSource.Create(database.Url);
        await using var command = db.CreateCommand("SELECT stopped_at IS NOT NULL FROM cluster_nodes WHERE name = 'ending'");
        Assert.Equal(true, await command.ExecuteScalarAsync(Ct));
    }

    [Theory]
    [InlineData("silo,ingest", "/metrics", HttpStatusCode.NotFound)]
    [InlineData("silo,ingest", "/health", HttpStatusCode.OK)]
    [InlineData("silo,query", "/metrics", HttpStatusCode.OK)]
    [InlineData("silo,query", "/cluster", HttpStatusCode.OK)]
    [InlineData("silo,query", "/dashboard", HttpStatusCode.NotFound)]
    [InlineData("silo", "/info", HttpStatusCode.OK)]
    public async Task A_process_answers_what_its_roles_have(string roles, string path, HttpStatusCode expected)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var some = await BayouServer.StartAsync(database, (RolesSetting.Key, roles));
        using var response = await some.Http.GetAsync(new Uri(path, UriKind.Relative), Ct);
        Assert.Equal(expected, response.StatusCode);
        var (status, _) = await some.SendAsync(new[] { BayouServer.Observation("s", BayouServer.RecentMinute) });
        Assert.Equal(roles.Contains("ingest", StringComparison.Ordinal) ? HttpStatusCode.Accepted : HttpStatusCode.NotFound, status);
    }

    [Fact]
    public async Task On_ecs_a_task_knows_its_own_address()
    {
        using var metadata = new HttpListener();
        var port = Ports.Claim();
        metadata.Prefixes.Add($"http://127.0.0.1:{port}/");
        metadata.Start();
        var answered = Task.Run(async () =>
        {
            var call = await metadata.GetContextAsync();
            await using var output = call.Response.OutputStream;
            await output.WriteAsync("""{"DockerId": "x", "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": ["10.0.2.106"]}]}"""u8.ToArray(), Ct);
        }, Ct);
        Assert.Equal(IPAddress.Parse("10.0.2.106"), ClusterOptions.OfEcsTask(new Uri($"http://127.0.0.1:{port}/v4/abc")));
        await answered;
    }

    private async Task<Dictionary<string, string?>> ChecksAsync() =>
        (await server.DataAsync($"/cluster"))["checks"]!.AsArray().ToDictionary(check => (string)check!["name"]!, check => (string?)check!["message"]);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = server.Db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
