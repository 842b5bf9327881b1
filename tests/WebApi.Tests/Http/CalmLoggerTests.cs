using Bayou.Hosting;
using Microsoft.Extensions.Logging;

namespace Bayou.Http;

public sealed partial class CalmLoggerTests
{
    private readonly ManualTime _time = new();
    private readonly LineList _console = new();

    [Fact]
    public void A_storm_of_one_failure_is_a_line_a_minute_and_loses_no_count()
    {
        using var provider = new CalmLoggerProvider(_console, _time);
        var logger = provider.CreateLogger("Database");
        for (var i = 0; i < 500; i++)
        {
            Gone(logger, new TimeoutException($"attempt {i}"), i);
        }

        Assert.Equal(["Warning: table 0 is gone"], _console.Lines);
        _time.Advance(CalmLoggerProvider.Period);
        Assert.Equal("Warning: 499 more like it in the last minute, the last: table 499 is gone attempt 499", _console.Lines[1]);

        // The storm goes on, and then is over: what comes after is a first again.
        Gone(logger, new TimeoutException("once more"), 7);
        _time.Advance(CalmLoggerProvider.Period);
        _time.Advance(CalmLoggerProvider.Period);
        Gone(logger, new TimeoutException("anew"), 8);
        Assert.Equal(["Warning: 1 more like it in the last minute, the last: table 7 is gone once more", "Warning: table 8 is gone"], _console.Lines.Skip(2));
    }

    [Fact]
    public void Other_failures_and_what_is_no_failure_are_written_as_they_come()
    {
        using var provider = new CalmLoggerProvider(_console, _time);
        Gone(provider.CreateLogger("Database"), new TimeoutException(), 1);
        Gone(provider.CreateLogger("Database"), new IOException(), 1);
        Gone(provider.CreateLogger("Disk"), new TimeoutException(), 1);
        var logger = provider.CreateLogger("Database");
        for (var i = 0; i < 3; i++)
        {
            Served(logger, i);
        }

        Assert.Equal(6, _console.Lines.Count);
    }

    [Fact]
    public void What_was_counted_is_told_when_the_server_stops()
    {
        using (var provider = new CalmLoggerProvider(_console, _time))
        {
            Gone(provider.CreateLogger("Database"), new TimeoutException(), 1);
            Gone(provider.CreateLogger("Database"), new TimeoutException("again"), 2);
        }

        Assert.Equal("Warning: 1 more like it in the last minute, the last: table 2 is gone again", _console.Lines[1]);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "table {table} is gone")]
    private static partial void Gone(ILogger logger, Exception reason, int table);

    [LoggerMessage(Level = LogLevel.Information, Message = "table {table} is served")]
    private static partial void Served(ILogger logger, int table);
}
