using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Bayou.Projects;

namespace Bayou.Deploys;

public sealed class DeployTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static readonly DateTimeOffset Time = BayouServer.RecentMinute;

    [Fact]
    public async Task A_deploy_is_listed_once_however_often_it_is_told()
    {
        var service = BayouServer.NewService();
        var first = await SendAsync(new { service, version = "1.1", time = Time });
        var again = await SendAsync(new { service, version = "1.1", time = Time.AddMinutes(3) });
        Assert.Equal((HttpStatusCode.Accepted, false), (first.Status, (bool)first.Body["data"]!["duplicate"]!));
        Assert.Equal((HttpStatusCode.Accepted, true), (again.Status, (bool)again.Body["data"]!["duplicate"]!));
        await SendAsync(new { service, version = "1.2", time = Time.AddMinutes(-30).ToUnixTimeMilliseconds() });
        var rows = (await server.DataAsync($"/deploys?service={service}")).AsArray();
        Assert.Equal([("1.1", "sent"), ("1.2", "sent")], rows.Select(row => ((string)row!["version"]!, (string)row["source"]!)));
        Assert.Equal(Time, DateTimeOffset.Parse((string)rows[0]!["time"]!, null));
    }

    [Fact]
    public async Task Without_a_time_a_deploy_is_now_and_pollers_see_it()
    {
        var service = BayouServer.NewService();
        var last = (long)(await server.GetAsync($"/deploys?limit=1")).Body["metadata"]!["last_id"]!;
        await SendAsync(new { service, version = "2" });
        var (_, page) = await server.GetAsync($"/deploys?id__gt={last}&service={service}");
        var row = Assert.Single(page["data"]!.AsArray())!;
        Assert.InRange(DateTimeOffset.UtcNow - DateTimeOffset.Parse((string)row["time"]!, null), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal((long)row["id"]!, (long)page["metadata"]!["last_id"]!);
    }

    [Theory]
    [InlineData("""{"version":"1"}""", "service")]
    [InlineData("""{"service":"a"}""", "version")]
    [InlineData("""{"service":"a","version":7}""", "version")]
    [InlineData("""{"service":" ","version":"1"}""", "service")]
    [InlineData("""{"service":"a","version":"1","when":1}""", "when")]
    [InlineData("""{"service":"a","version":"1","time":"yesterday"}""", "time")]
    [InlineData("""{"service":"a","version":"1","time":"2001-01-01T00:00:00Z"}""", "time")]
    [InlineData("""{"service":"a","service":"b","version":"1"}""", "service")]
    [InlineData("""{"service":"\ud800","version":"1"}""", "service")]
    [InlineData("""[1]""", "item")]
    [InlineData("""{"service":""", "service")]
    public async Task A_bad_deploy_is_refused_by_the_name_of_its_field(string body, string field)
    {
        using var response =
            await server.Http.PostAsync(new Uri("/ingest/v1/deploys", UriKind.Relative), new StringContent(body, null, "application/json"), BayouServer.Ct);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(BayouServer.Ct))!;
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(field, (string)answer["error"]!["details"]![0]!["field"]!);
    }

    [Fact]
    public async Task A_new_version_among_the_observations_is_a_deploy_and_the_first_ever_is_not()
    {
        var service = BayouServer.NewService();
        var now = DateTimeOffset.UtcNow;
        await server.SendAsync(new[] { Item(service, "1.0", now.AddSeconds(-50)) });
        await UntilAsync(service, "1.0");
        Assert.Empty((await server.DataAsync($"/deploys?service={service}")).AsArray());

        // As in a rolling update: both report for a while.
        await server.SendAsync(
            new[] { Item(service, "1.1", now.AddSeconds(-40)), Item(service, "1.0", now.AddSeconds(-39)), Item(service, "1.1", now.AddSeconds(-38)) });
        await UntilAsync(service, "1.1");
        var row = Assert.Single((await server.DataAsync($"/deploys?service={service}")).AsArray())!;
        Assert.Equal(("1.1", "reported"), ((string)row["version"]!, (string)row["source"]!));
        Assert.Equal(now.AddSeconds(-40).ToUnixTimeMilliseconds(), DateTimeOffset.Parse((string)row["time"]!, null).ToUnixTimeMilliseconds());
    }

    [Theory]
    // 2 comes while 1 still ends; much later 1 comes back: a deploy, and a way back.
    [InlineData("1@0 1@60 2@61 1@62 2@120 1@200", "2@61 1@200")]
    // Nothing for an hour is no deploy.
    [InlineData("1@0 1@60 1@130", "")]
    // One instance of 2 that rarely answers, beside many of 1.
    [InlineData("1@0 1@9 1@18 1@27 2@28 1@36 1@45 1@54 2@55 1@63 1@72 2@90", "2@28")]
    public async Task A_version_that_is_new_or_comes_back_is_a_deploy(string seen, string expected)
    {
        var service = BayouServer.NewService();
        await server.SendAsync(new[] { BayouServer.Observation(service, Time) });
        var writer = new DeployWriter(server.Db);
        var start = Time.AddHours(-4);
        foreach (var (version, minute) in seen.Split(' ').Select(text => (text.Split('@')[0], int.Parse(text.Split('@')[1], null))))
        {
            await writer.SeenAsync(Project.Default, service, version, start.AddMinutes(minute), start.AddMinutes(minute), BayouServer.Ct);
        }

        var rows = (await server.DataAsync($"/deploys?service={service}&order=asc")).AsArray();
        Assert.Equal(expected,
            string.Join(' ', rows.Select(row => $"{row!["version"]}@{(DateTimeOffset.Parse((string)row["time"]!, null) - start).TotalMinutes}")));
    }

    private static object Item(string service, string version, DateTimeOffset time) =>
        new { service, version, method = "GET", route = "/", status = 200, duration_ms = 1, time };

    private async Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(object deploy)
    {
        using var response = await server.Http.PostAsJsonAsync(new Uri("/ingest/v1/deploys", UriKind.Relative), deploy, BayouServer.Ct);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(BayouServer.Ct))!);
    }

    private async Task UntilAsync(string service, string version)
    {
        await using var command = server.Db.CreateCommand("SELECT count(*) FROM service_versions WHERE service = $1 AND version = $2");
        command.Parameters.Add(new() { Value = service });
        command.Parameters.Add(new() { Value = version });
        await Eventually.SeesAsync(async () => (long)(await command.ExecuteScalarAsync(BayouServer.Ct))!, versions => versions > 0);
    }
}
