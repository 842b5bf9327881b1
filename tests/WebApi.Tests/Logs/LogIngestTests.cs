using System.Net;
using System.Text.Json.Nodes;
using System.Text;
using Bayou.Projects;

namespace Bayou.Logs;

public sealed class LogIngestTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task A_line_is_stored_as_it_was_sent()
    {
        var source = BayouServer.NewService();
        var time = BayouServer.RecentMinute.AddMilliseconds(123);
        var (status, body) = await server.SendLogsAsync(new object[]
        {
            new { source, service = "shop", level = "WARN", message = "first\nsecond \"quoted\" é漢😀",
                meta = new { user = new { id = 5 }, tags = new[] { "a", "b" } }, time, trace_id = "t-1" },
            new { source, level = "info", message = "" },
        });
        Assert.Equal((HttpStatusCode.Accepted, 2, 0, 0),
            (status, (int)body["data"]!["accepted"]!, (int)body["data"]!["rejected"]!, (int)body["data"]!["cut"]!));
        var rows = (await server.DataAsync($"/logs?source={source}&order=asc")).AsArray();
        var line = rows[0]!;
        Assert.Equal(("warn", "shop", "first\nsecond \"quoted\" é漢😀", "t-1"),
            ((string)line["level"]!, (string)line["service"]!, (string)line["message"]!, (string)line["trace_id"]!));
        Assert.Equal(time, DateTimeOffset.Parse((string)line["created_at"]!, null));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"user":{"id":5},"tags":["a","b"]}"""), line["meta"]), line["meta"]!.ToJsonString());
        Assert.Equal((null, null, null), (rows[1]!["service"], rows[1]!["meta"], rows[1]!["trace_id"]));
        Assert.InRange(DateTimeOffset.UtcNow - DateTimeOffset.Parse((string)rows[1]!["created_at"]!, null), TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(1));
    }

    [Theory]
    [InlineData("warning", "warn")]
    [InlineData("Information", "info")]
    [InlineData("ERR", "error")]
    [InlineData("critical", "fatal")]
    [InlineData("verbose", "trace")]
    [InlineData("4", "warn")]
    [InlineData(3, "error")]
    [InlineData(7, "debug")]
    [InlineData(0, "fatal")]
    [InlineData(30, "info")]
    [InlineData(60, "fatal")]
    public async Task Levels_are_known_by_many_names(object level, string ours)
    {
        var source = BayouServer.NewService();
        await server.SendLogsAsync(new[] { new { source, level, message = "m" } });
        Assert.Equal(ours, (string)Assert.Single((await server.DataAsync($"/logs?source={source}")).AsArray())!["level"]!);
    }

    [Fact]
    public async Task A_repeated_batch_is_stored_once_and_another_body_under_its_key_is_refused()
    {
        var source = BayouServer.NewService();
        var items = new[] { new { source, level = "info", message = "once" } };
        await server.SendLogsAsync(items, key: source);
        var (status, repeat) = await server.SendLogsAsync(items, key: source);
        Assert.Equal((HttpStatusCode.Accepted, true), (status, (bool)repeat["data"]!["duplicate"]!));
        var (conflict, _) = await server.SendLogsAsync(new[] { new { source, level = "info", message = "other" } }, key: source);
        Assert.Equal(HttpStatusCode.Conflict, conflict);
        Assert.Single((await server.DataAsync($"/logs?source={source}")).AsArray());
    }

    [Fact]
    public async Task One_key_may_name_a_batch_of_lines_and_one_of_requests()
    {
        var source = BayouServer.NewService();
        Assert.Equal(HttpStatusCode.Accepted, (await server.SendLogsAsync(new[] { new { source, level = "info", message = "m" } }, key: source)).Status);
        Assert.Equal(HttpStatusCode.Accepted,
            (await server.SendAsync(new[] { BayouServer.Observation(source, BayouServer.RecentMinute) }, key: source)).Status);
    }

    /// <summary>Nor where blanks, control characters or those without width are before it, which spreadsheets skip.</summary>
    [Theory]
    [InlineData("=1+\"2\",3", "\"'=1+\"\"2\"\",3\"")]
    [InlineData("\t=1", ",'\t=1,")]
    [InlineData("\r=1", ",\"'\r=1\",")]
    [InlineData("\n+1", ",\"'\n+1\",")]
    [InlineData(" =1", ",' =1,")]
    [InlineData("\u00A0-1", ",'\u00A0-1,")]
    [InlineData("\u200B@SUM(1)", ",'\u200B@SUM(1),")]
    [InlineData("\uFF1D1", ",'\uFF1D1,")]
    [InlineData(" \uFF0B1", ",' \uFF0B1,")]
    [InlineData("\tplain", ",'\tplain,")]
    [InlineData("a = b", ",a = b,")]
    public async Task An_exported_line_is_no_formula(string message, string field)
    {
        var source = BayouServer.NewService();
        await server.SendLogsAsync(new[] { new { source, level = "info", message } });
        Assert.Contains(field, await server.Http.GetStringAsync($"/logs/export?format=csv&source={source}", BayouServer.Ct), StringComparison.Ordinal);
    }

    /// <summary>The trend of a range that ends now ends now, also for lines that are in no sealed segment.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(60)]
    [InlineData(180)]
    public async Task A_steady_pattern_is_steady_until_now(int minutes)
    {
        var (source, now) = (BayouServer.NewService(), DateTimeOffset.UtcNow);
        var lines = Enumerable.Range(0, minutes * 4)
            .Select(i => $$"""{"source":"{{source}}","level":"info","message":"steady {{i}}","time":"{{now.AddSeconds(-15 * i):O}}"}""");
        using var body = new StringContent(string.Join('\n', lines), null, "application/x-ndjson");
        (await server.Http.PostAsync("/ingest/v1/logs", body, BayouServer.Ct)).EnsureSuccessStatusCode();
        var row = Assert.Single((await server.DataAsync($"/logs/patterns?source={source}&start_date={now.AddMinutes(-minutes).ToUnixTimeMilliseconds()}"))
            .AsArray())!;
        var trend = row["trend"]!.AsArray().Select(part => (int)part!).ToList();
        Assert.Equal(minutes * 4, trend.Sum());
        Assert.All(trend[1..], part => Assert.InRange(part, trend.Average() * 0.6, trend.Average() * 2.1));
    }

    [Fact]
    public async Task The_same_statement_has_one_pattern_on_every_node_and_after_a_restart()
    {
        await using var database = await TestDatabase.CreateAsync();
        int first;
        await using (var one = await BayouServer.StartAsync(database))
        {
            first = await PatternOfAsync(one, "order 17 took 30 ms");
        }

        await using var two = await BayouServer.StartAsync(database);
        Assert.Equal(first, await PatternOfAsync(two, "order 99 took 1 ms"));
        await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(i => two.SendLogsAsync(new[] { new { source = "many", level = "info", message = $"found at once {i}" } })));
        Assert.Single((await two.DataAsync($"/logs?source=many")).AsArray().Select(row => (int)row!["pattern_id"]!).Distinct());
    }

    [Fact]
    public async Task Patterns_that_turn_out_to_be_one_keep_the_number_of_the_oldest()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var own = await BayouServer.StartAsync(database);
        var ids = new List<int>();
        foreach (var user in (string[])["ann", "bob", "cleo", "dan"])
        {
            ids.Add(await PatternOfAsync(own, $"session opened for user {user} by root"));
        }

        var registry = own.Get<PatternRegistries>().Of(Project.Default);
        await own.Get<Orleans.IGrainFactory>().GetGrain<IPatternMinerGrain>("1").MineAsync(BayouServer.Ct);
        await registry.RefreshAsync(BayouServer.Ct);
        var rows = (await own.DataAsync($"/logs?pattern_id={ids[0]}")).AsArray();
        Assert.Equal(4, rows.Count);
        Assert.Equal([ids.Min()], rows.Select(row => (int)row!["pattern_id"]!).Distinct());
        Assert.Equal(4, (await own.DataAsync($"/logs?pattern_id={ids[^1]}")).AsArray().Count); // A link from before leads to what it has become.
        Assert.Equal("session opened for user <*> by root", registry.Book.Template(ids[^1]));
        Assert.Equal(ids.Min(), await PatternOfAsync(own, "session opened for user eve by root"));
    }

    [Fact]
    public async Task Past_their_limit_patterns_are_all_others()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var own = await BayouServer.StartAsync(database, ("Bayou:Logs:MaxPatterns", "100"));
        var words = Enumerable.Range(0, 300).Select(i => $"{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}q").ToList();
        await own.SendLogsAsync(words.Select(word => new { source = "s", level = "info", message = $"{word} {word}{word}" }));
        await own.SendLogsAsync(words.Select(word => new { source = "s", level = "info", message = $"{word}{word} {word}" }));
        var rows = (await own.DataAsync($"/logs?source=s&limit=1000")).AsArray();
        Assert.Equal(600, rows.Count);
        Assert.InRange(rows.Select(row => (int)row!["pattern_id"]!).Distinct().Count(), 90, 101);
    }

    private static async Task<int> PatternOfAsync(BayouServer at, string message)
    {
        var source = BayouServer.NewService();
        await at.SendLogsAsync(new[] { new { source, level = "info", message } });
        return (int)Assert.Single((await at.DataAsync($"/logs?source={source}")).AsArray())!["pattern_id"]!;
    }
}
