using System.Net;
using System.Text.Json.Nodes;
using Bayou.Projects;

namespace Bayou.Logs;

/// <summary>Which patterns go, and what becomes of their lines.</summary>
public sealed class PatternRoomTests
{
    private const string Frequent = "frequent line that came first";

    private static readonly string[] Words = [.. Enumerable.Range(0, 300).Select(i => $"{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}q")];

    [Fact]
    public async Task Where_it_is_full_the_patterns_of_fewest_lines_go_and_new_ones_are_told_apart_again()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"), ("Bayou:Logs:MaxPatterns", "100"));
        await SendAsync(server, Enumerable.Repeat(Frequent, 5));
        var frequent = await PatternAsync(server, Frequent);
        await SendAsync(server, Words.Select(word => $"{word} {word}{word}"));
        await AgeAsync(server);
        var other = server.Get<PatternRegistries>().Of(Project.Default).Book.Other;
        var tried = 0;
        await Eventually.SeesAsync(async () =>
        {
            var fresh = $"fresh {Words[tried]}{Words[tried++]} line";
            await SendAsync(server, [fresh]);
            return await PatternAsync(server, fresh);
        }, pattern => pattern != other);
        Assert.Equal(frequent, await PatternAsync(server, Frequent));
        await SendAsync(server, [Frequent]);
        Assert.Equal([frequent], (await RowsAsync(server, $"/logs?message={Frequent}")).Select(row => (int)row!["pattern_id"]!).Distinct());

        // Every line is of a pattern that is known, and found by it.
        var patterns = (await server.DataAsync($"/logs/patterns?limit=1000")).AsArray();
        Assert.DoesNotContain(patterns, pattern => (string)pattern!["template"]! == "");
        var all = await RowsAsync(server, $"/logs?limit=1000");
        Assert.Equal(all.Count, patterns.Sum(pattern => (int)pattern!["range_count"]!));
        var counted = (int)patterns.Single(pattern => (int)pattern!["pattern_id"]! == other)!["range_count"]!;
        Assert.True(counted > 200, $"{counted} lines are of the pattern of all others");
        Assert.Equal(counted, (await RowsAsync(server, $"/logs?pattern_id={other}&limit=1000")).Count);
        Assert.Equal(counted, (await RowsAsync(server, $"/logs?search=pattern:{other}&limit=1000")).Count);
        Assert.Equal(all.Count - counted, (await RowsAsync(server, $"/logs?pattern_id__ne={other}&limit=1000")).Count);
        Assert.Equal(counted + 6, (await RowsAsync(server, $"/logs?pattern_id__in={other},{frequent}&limit=1000")).Count);
    }

    [Fact]
    public async Task Patterns_that_no_kept_line_has_go_and_a_line_like_theirs_makes_a_new_one()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server =
            await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"), ("Bayou:Logs:SegmentLines", "1000"), ("Bayou:Logs:SealAfterSeconds", "0"));
        await SendAsync(server, Enumerable.Repeat("line of long ago", 1_001));
        await SendAsync(server, [Frequent]);
        await server.SealAsync();
        await server.CleanUpLogsAsync();
        var gone = await PatternAsync(server, "line of long ago");
        await ExecuteAsync(server, "UPDATE log_segments SET state = 'expired', changed_at = now() - interval '6 minutes' WHERE state = 'sealed'");
        await AgeAsync(server);
        await using var next = await BayouServer.StartAsync(database, ("Bayou:Enabled", "false")); // looks at its patterns in its first run, as every hour
        await next.CleanUpLogsAsync();
        Assert.Equal(2L, await CountAsync(server, "SELECT count(*) FROM log_patterns"));
        await next.Get<PatternRegistries>().Of(Project.Default).RefreshAsync(BayouServer.Ct); // else within 2 s
        await SendAsync(next, ["line of long ago"]);
        var made = await PatternAsync(next, "line of long ago");
        Assert.True(made > gone);

        // A node that has been idle meanwhile hears of it.
        Assert.Equal(made, await PatternAsync(server, "line of long ago"));
        await server.Get<PatternRegistries>().Of(Project.Default).RefreshAsync(BayouServer.Ct);
        await SendAsync(server, ["line of long ago"]);
        Assert.Equal(2, (await RowsAsync(server, $"/logs?pattern_id={made}")).Count);
    }

    private static async Task SendAsync(BayouServer server, IEnumerable<string> messages) =>
        Assert.Equal(HttpStatusCode.Accepted, (await server.SendLogsAsync(messages.Select(message => new { source = "s", level = "info", message }))).Status);

    private static async Task<int> PatternAsync(BayouServer server, string message) =>
        (int)(await RowsAsync(server, $"/logs?message={message}&limit=1"))[0]!["pattern_id"]!;

    private static async Task<JsonArray> RowsAsync(BayouServer server, FormattableString url) => (await server.DataAsync(url)).AsArray();

    private static Task AgeAsync(BayouServer server) => ExecuteAsync(server, "UPDATE log_patterns SET created_at = created_at - interval '2 minutes'");

    private static async Task<long> CountAsync(BayouServer server, string sql)
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
