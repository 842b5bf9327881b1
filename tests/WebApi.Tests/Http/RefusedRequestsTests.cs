using Bayou.Access;
using Bayou.Hosting;
using Bayou.Logs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bayou.Http;

/// <summary>What anybody can put into the log without a token.</summary>
public sealed class RefusedRequestsTests
{
    [Fact]
    public async Task Refused_requests_are_a_line_a_minute_and_add_no_patterns()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server =
            await BayouServer.StartAsync(database, (AccessToken.Key, "a token of more than sixteen characters"), ("LOG_LEVEL", "Information"));
        for (var i = 0; i < 200; i++)
        {
            var word = $"{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}q";
            using var response = await server.Http.GetAsync(new Uri($"/;{word} {word}{word} {new string('x', 5_000)}", UriKind.Relative), BayouServer.Ct);
            Assert.Equal(401, (int)response.StatusCode);
        }

        // Lines are stored in order: what was to be said of those is there when this is.
        LoggerMessage.Define(LogLevel.Information, 1, "marker of this test")(server.Get<ILoggerFactory>().CreateLogger("Bayou.Test"), null);
        await Eventually.SeesAsync(() => CountAsync("message = 'marker of this test'"), count => count == 1);
        Assert.Equal(0, await CountAsync("message LIKE '%xxxxx%'"));
        await using var patterns = server.Db.CreateCommand("SELECT count(*) FROM log_patterns");
        Assert.InRange((long)(await patterns.ExecuteScalarAsync(BayouServer.Ct))!, 1, 50);

        async Task<long> CountAsync(string condition)
        {
            await using var tables =
                server.Db.CreateCommand("SELECT string_agg(format('SELECT message FROM log_segment_%s', id), ' UNION ALL ') FROM log_segments");
            if (await tables.ExecuteScalarAsync(BayouServer.Ct) is not string union)
            {
                return 0;
            }

            await using var lines = server.Db.CreateCommand($"SELECT count(*) FROM ({union}) lines WHERE {condition}");
            return (long)(await lines.ExecuteScalarAsync(BayouServer.Ct))!;
        }
    }

    [Fact]
    public async Task A_minute_of_them_is_a_line_for_each_status_with_a_short_sample()
    {
        var (time, log) = (new ManualTime(), new ListLogger());
        using var refused = new RefusedRequests(time, log);
        await refused.StartAsync(BayouServer.Ct);
        for (var i = 0; i < 1_000; i++)
        {
            refused.Count(Answered(401, $"/\u001b[2J \r\n{i} {new string('y', 60_000)}"));
        }

        refused.Count(Answered(404, "/nothing"));
        await Eventually.SeesAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMinutes(1)); // The service may have started without having set its timer yet.
                return Task.FromResult(log.Lines.Count);
            },
            count => count == 2);
        Assert.Equal("Answered 404 1 times within a minute, first to GET /nothing", log.Lines[1]);
        Assert.StartsWith("Answered 401 1000 times within a minute, first to GET /%1B%5B2J%20%0D%0A0%20yyyy", log.Lines[0], StringComparison.Ordinal);
        Assert.InRange(log.Lines[0].Length, 200, 250);
        Assert.DoesNotContain(log.Lines[0], char.IsControl);

        // What came since is said when the server stops.
        refused.Count(Answered(405, "/"));
        await refused.StopAsync(BayouServer.Ct);
        Assert.Equal("Answered 405 1 times within a minute, first to GET /", log.Lines[2]);
    }

    [Theory]
    [InlineData("plain, with ümläut and 漢字", "plain, with ümläut and 漢字")]
    [InlineData("\u001b[2J\r\0\a", @"\u001b[2J\u000d\u0000\u0007")]
    [InlineData("\u009b31m\u202edesrever\u2066", @"\u009b31m\u202edesrever\u2066")]
    [InlineData("a line\nand another", "a line\nand another")]
    public void A_terminal_is_shown_control_characters_and_obeys_none(string text, string shown) => Assert.Equal(shown, TerminalFormatter.Escape(text));

    [Fact]
    public void What_goes_to_the_console_is_escaped()
    {
        using var services = ConsoleServices();
        var formatter = services.GetServices<Microsoft.Extensions.Logging.Console.ConsoleFormatter>()
            .Single(formatter => formatter.Name == TerminalFormatter.FormatterName);
        using var written = new StringWriter();
        formatter.Write(
            new Microsoft.Extensions.Logging.Abstractions.LogEntry<string>(LogLevel.Warning, "C", 0, "of \u001b[2J",
                new InvalidOperationException("and \u001b]0;"), (state, _) => state), null, written);
        Assert.Contains(@"of \u001b[2J", written.ToString(), StringComparison.Ordinal);
        Assert.Contains(@"and \u001b]0;", written.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', written.ToString());
    }

    private static ServiceProvider ConsoleServices()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.AddBayouLogging();
        return builder.Services.BuildServiceProvider();
    }

    private static DefaultHttpContext Answered(int status, string path)
    {
        var http = new DefaultHttpContext();
        (http.Request.Method, http.Request.Path, http.Response.StatusCode) = ("GET", path, status);
        return http;
    }

    private sealed class ListLogger : ILogger<RefusedRequests>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
