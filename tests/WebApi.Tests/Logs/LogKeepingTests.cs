using System.Net;
using System.Text.Json.Nodes;

namespace Bayou.Logs;

/// <summary>What becomes of lines in time, and Bayou's own.</summary>
public sealed class LogKeepingTests
{
    private const string Tables = "SELECT count(*) FROM pg_class WHERE relname ~ '^log_segment_[0-9]+$'";

    [Fact]
    public async Task Lines_go_with_their_whole_segment_when_their_class_is_past_its_days()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server =
            await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"), ("Bayou:Logs:SegmentLines", "1000"), ("Bayou:Logs:SealAfterSeconds", "0"));
        await server.SendLogsAsync(Enumerable.Range(0, 1_001)
            .SelectMany(i => (string[])["debug", "info"], (i, level) => new { source = "s", level, message = $"{level} {i}" }));
        await server.SendLogsAsync(
            new[] { new { source = "s", level = "debug", message = "of the next segment" },
            new { source = "s", level = "info", message = "of the next segment" } });
        await server.SealAsync();
        Assert.Equal(["long sealed", "short sealed"], await CatalogueAsync(server, "WHERE state = 'sealed'"));

        // Four days later by the lines' times: past the days of debug, not of info.
        await ExecuteAsync(server,
            "UPDATE log_segments SET max_time = max_time - interval '4 days', min_time = min_time - interval '4 days' WHERE state = 'sealed'");
        await server.SealAsync();
        Assert.Equal(["long sealed"], await CatalogueAsync(server, "WHERE state IN ('closed', 'sealed')"));
        Assert.Single((await server.DataAsync($"/logs?level=debug&limit=1000")).AsArray());
        Assert.Equal(1_000, (await server.DataAsync($"/logs?level=info&limit=1000")).AsArray().Count);
        Assert.Equal(6L, await ScalarAsync(server, Tables)); // Two that are hot, two that were sealed, and what these were made of.

        // Queries that had read the catalogue are over.
        await ExecuteAsync(server, "UPDATE log_segments SET changed_at = changed_at - interval '6 minutes'");
        await server.SealAsync();
        Assert.Equal(["long sealed"], await CatalogueAsync(server, "WHERE state <> 'hot'"));
        Assert.Equal(3L, await ScalarAsync(server, Tables));
        Assert.Equal(0L,
            await ScalarAsync(server, "SELECT count(*) FROM log_counts c WHERE NOT EXISTS (SELECT 1 FROM log_segments s WHERE s.id = c.segment_id)"));
    }

    [Fact]
    public async Task Closed_segments_wait_until_they_are_enough_for_a_sealed_one()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server =
            await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"), ("Bayou:Logs:SegmentLines", "1000"), ("Bayou:Logs:SealAfterSeconds", "0"));
        await SendAsync(0, 1, 2, 3);
        await server.SealAsync();
        Assert.Equal(["long closed", "long hot"], await CatalogueAsync(server, ""));
        await SendAsync(4);
        await server.SealAsync();
        Assert.Equal(["long hot", "long sealed"], await CatalogueAsync(server, "WHERE state <> 'expired'"));
        Assert.Equal(1_200L, await ScalarAsync(server, "SELECT sum(lines)::bigint FROM log_counts"));
        Assert.Equal(1_200L, await ScalarAsync(server, "SELECT sum(n)::bigint FROM log_segments, unnest(lines) n WHERE state = 'sealed'"));
        for (var page = 0; page < 5; page++)
        {
            var rows = (await server.DataAsync($"/logs?id__gt={page * 300}&limit=300")).AsArray();
            Assert.Equal(Enumerable.Range(page * 300, 300).Select(i => $"line {i}"), rows.Select(row => (string)row!["message"]!));
        }

        async Task SendAsync(params int[] bodies)
        {
            foreach (var body in bodies)
            {
                await server.SendLogsAsync(Enumerable.Range(body * 300, 300).Select(i => new { source = "s", level = "info", message = $"line {i}" }));
            }
        }
    }

    [Fact]
    public async Task A_damaged_segment_keeps_no_other_from_being_sealed()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server =
            await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"), ("Bayou:Logs:SegmentLines", "1000"), ("Bayou:Logs:SealAfterSeconds", "3600"));
        for (var body = 0; body < 4; body++)
        {
            await server.SendLogsAsync(Enumerable.Range(0, 550).Select(i => new { source = "s", level = "info", message = "m" }));
        }

        await ExecuteAsync(server, "UPDATE log_segments SET changed_at = now() - interval '2 hours' WHERE state = 'closed'");
        Assert.Equal(3L, await ScalarAsync(server, "SELECT count(*) FROM log_segments WHERE state = 'closed'"));
        var damaged = await ScalarAsync(server, "SELECT min(id)::bigint FROM log_segments WHERE state = 'closed'");
        await ExecuteAsync(server, $"ALTER TABLE log_segment_{damaged} RENAME TO away");
        await Assert.ThrowsAsync<Npgsql.PostgresException>(server.SealAsync);

        // Each is tried again after its time; the order in which they are must not matter.
        await ExecuteAsync(server,
            $"UPDATE log_segments SET changed_at = now() - CASE WHEN id = {damaged} THEN interval '2 hours' ELSE interval '3 hours' END WHERE state = "
                + $"'closed'");
        await Assert.ThrowsAsync<Npgsql.PostgresException>(server.SealAsync);
        Assert.Equal(["long closed", "long closed", "long hot", "long sealed"], await CatalogueAsync(server, "WHERE state <> 'expired'"));
        Assert.Equal(1L, await ScalarAsync(server, $"SELECT count(*) FROM log_segments WHERE id = {damaged} AND state = 'closed'"));
    }

    [Fact]
    public async Task Lines_of_the_same_second_are_in_order_wherever_they_are()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server =
            await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"), ("Bayou:Logs:SegmentLines", "1000"), ("Bayou:Logs:SealAfterSeconds", "0"));
        var random = new Random(3);
        var sent = new List<DateTimeOffset>(); // by id, from 1
        for (var body = 0; body < 40; body++)
        {
            var times = Enumerable.Range(0, 210).Select(_ => BayouServer.RecentMinute.AddHours(-1).AddSeconds((body / 4) + random.Next(3))).ToList();
            sent.AddRange(times);
            await server.SendLogsAsync(times.Select((time, i) => new { source = $"s{i % 2}", level = "info", message = "m", time }));
            if (body % 9 == 5)
            {
                await server.SealAsync();
            }

            foreach (var (url, filter) in ((FormattableString, Func<int, bool>)[])[($"/logs?limit=60", _ => true),
                ($"/logs?limit=60&source=s1", id => (id - 1) % 210 % 2 == 1)])
            {
                var newest = sent.Select((time, at) => (Time: time, Id: at + 1)).Where(line => filter(line.Id)).OrderByDescending(line => line).Take(60)
                    .Select(line => line.Id);
                Assert.Equal(newest, (await server.DataAsync(url)).AsArray().Select(row => (int)row!["id"]!));
            }
        }
    }

    [Fact]
    public async Task A_segment_that_is_open_for_long_is_closed_though_it_is_not_full()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"), ("Bayou:Logs:SealAfterSeconds", "0"));
        await server.SendLogsAsync(new[] { new { source = "s", level = "info", message = "old" }, new { source = "s", level = "debug", message = "old" } });
        await ExecuteAsync(server, "UPDATE log_segments SET created_at = created_at - interval '4 hours'");
        await server.SealAsync();
        Assert.Equal(["long hot", "short sealed"], await CatalogueAsync(server, "WHERE state <> 'expired'"));
        await server.SendLogsAsync(new[] { new { source = "s", level = "debug", message = "new" } });
        Assert.Equal(3, (await server.DataAsync($"/logs")).AsArray().Count);
    }

    [Fact]
    public async Task Bayous_own_log_is_among_the_others_and_never_feeds_on_itself()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database, ("LOG_LEVEL", "Debug"));
        using (var asked = new HttpRequestMessage(HttpMethod.Get, "/no/such/page"))
        {
            asked.Headers.Add("x-trace-id", "of-this-test");
            using var response = await server.Http.SendAsync(asked, BayouServer.Ct);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }

        var rows =
            await Eventually.SeesAsync(async () => (await server.DataAsync($"/logs?service=bayou&trace_id=of-this-test")).AsArray(), rows => rows.Count > 0);
        Assert.Contains(rows, row =>
            (string)row!["message"]! is var message && message.StartsWith("GET /no/such/page answered 404", StringComparison.Ordinal)
            && (int)row["meta"]!["status"]! == 404);

        // Its batches come in a second apart; what storing one says must not be in the next.
        var own = (await server.DataAsync($"/logs?source__startswith=Bayou.Logs&limit=1000")).AsArray();
        Assert.Empty(own);
        Assert.Empty((await server.DataAsync($"/logs?source__startswith=Npgsql")).AsArray());
        Assert.Empty((await server.DataAsync($"/logs?message__like=%2Fingest%2Fv1%2Flogs&service=bayou")).AsArray());
    }

    private static async Task<List<string>> CatalogueAsync(BayouServer server, string where)
    {
        var rows = new List<string>();
        await using var command = server.Db.CreateCommand($"SELECT retention || ' ' || state FROM log_segments {where} ORDER BY 1");
        await using var reader = await command.ExecuteReaderAsync(BayouServer.Ct);
        while (await reader.ReadAsync(BayouServer.Ct))
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    private static async Task<long> ScalarAsync(BayouServer server, string sql)
    {
        await using var command = server.Db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(BayouServer.Ct))!;
    }

    private static async Task ExecuteAsync(BayouServer server, string sql)
    {
        await using var command = server.Db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(BayouServer.Ct);
    }
}
