// These are how applications log; that it is not the fastest way is theirs to decide.
#pragma warning disable CA1848, CA1873

using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Bayou.Monitor;

public sealed class LoggerTests : IAsyncLifetime
{
    private static readonly System.Text.Json.JsonSerializerOptions Relaxed =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private FakeBayou _bayou = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _bayou = await FakeBayou.StartAsync();

    public ValueTask DisposeAsync() => _bayou.DisposeAsync();

    [Fact]
    public async Task A_line_has_its_message_level_category_and_what_it_is_made_of()
    {
        await using var app = await StartAsync();
        using var activity = new Activity("test").Start();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop.Checkout");
        using (logger.BeginScope(new Dictionary<string, object> { ["Cart"] = 17, ["Region"] = "eu" }))
        using (logger.BeginScope("step {Step}", 2))
        using (logger.BeginScope("plain"))
        {
            logger.LogWarning(new EventId(7, "Declined"), new InvalidOperationException("no funds"), "Order {Order} of {Total} declined, {Region}", 4711,
                12.5m, "us");
        }

        var line = await OnlyAsync("Shop.Checkout");
        Assert.Equal(("Order 4711 of 12.5 declined, us", "warn", "shop", activity.TraceId.ToHexString()),
            ((string)line["message"]!, (string)line["level"]!, (string)line["service"]!, (string)line["trace_id"]!));
        var meta = line["meta"]!;
        Assert.Equal((4711, 12.5m, "us", 17, 2),
            ((int)meta["Order"]!, (decimal)meta["Total"]!, (string)meta["Region"]!, (int)meta["Cart"]!, (int)meta["Step"]!));
        Assert.Equal(("Declined", "plain"), ((string)meta["event"]!, (string)meta["scopes"]![0]!));
        Assert.Equal(("System.InvalidOperationException", "no funds"), ((string)meta["exception"]!["type"]!, (string)meta["exception"]!["message"]!));
        Assert.Contains("no funds", (string)meta["exception"]!["stack_trace"]!, StringComparison.Ordinal);
        Assert.Null(meta["{OriginalFormat}"]);
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - (long)line["time"]!, 0, 60_000);
    }

    [Fact]
    public async Task A_line_of_a_request_has_its_endpoint_unless_the_application_says_another()
    {
        await using var app = await StartAsync(map: routes =>
        {
            routes.UseExceptionHandler("/oops");
            routes.MapGet("/orders/{id:int}", (int id, ILogger<LoggerTests> logger) => logger.LogInformation("looks for {Order}", id));
            routes.MapGet("/other", (ILogger<LoggerTests> logger) =>
            {
                using (logger.BeginScope(new Dictionary<string, object> { ["endpoint"] = "mine" }))
                {
                    logger.LogInformation("of another");
                }
            });
            routes.MapGet("/fails", () => { throw new InvalidOperationException("no"); });
            routes.MapGet("/oops", (ILogger<LoggerTests> logger) => logger.LogInformation("of the failure"));
        });
        app.Services.GetRequiredService<ILogger<LoggerTests>>().LogInformation("outside");
        foreach (var path in (string[])["/orders/7", "/other", "/fails"])
        {
            using var response = await app.Http.GetAsync(new Uri(path, UriKind.Relative), Ct);
        }

        var source = typeof(LoggerTests).FullName!;
        await _bayou.UntilAsync(b => Of(b, source).Count == 4);
        Assert.Equal(
            [("outside", null), ("looks for 7", "GET /orders/{id}"), ("of another", "mine"), ("of the failure", "GET /fails")],
            Of(_bayou, source).Select(line => ((string)line["message"]!, (string?)line["meta"]?["endpoint"])));
    }

    [Fact]
    public async Task What_cannot_be_written_is_said_and_harms_nothing()
    {
        await using var app = await StartAsync();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("odd");
        logger.LogInformation("lone \ud800 and {Value}", "\udc00");
        logger.LogInformation("throws {Value}", new Thrower());
        logger.LogInformation("long {Value}", new string('x', 200_000));
        logger.LogInformation("nan {Value} {Nothing}", double.NaN, null);
        logger.LogInformation("last");
        await _bayou.UntilAsync(b => Of(b, "odd").Count == 5);
        var lines = Of(_bayou, "odd");
        Assert.Equal("lone \uFFFD and \uFFFD", (string)lines[0]["message"]!);
        Assert.Contains("could not be written", (string)lines[1]["message"]!, StringComparison.Ordinal);
        Assert.InRange(((string)lines[2]["message"]!).Length, 60_000, 65_000);
        Assert.InRange(lines[2]["meta"]!.ToJsonString().Length, 1_000, 60_000);
        Assert.Equal(("NaN", null), ((string)lines[3]["meta"]!["Value"]!, lines[3]["meta"]!["Nothing"]));
        Assert.Equal(("last", null), ((string)lines[4]["message"]!, lines[4]["meta"]));
    }

    [Fact]
    public async Task What_is_large_stays_below_what_bayou_takes()
    {
        await using var app = await StartAsync();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("large");
        using (logger.BeginScope(Enumerable.Range(0, 60).ToDictionary(i => $"field {i}", _ => (object)new string('\u6F22', 3_000))))
        {
            logger.LogError(new InvalidOperationException(new string('\u6F22', 30_000)), "m");
        }

        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount((await OnlyAsync("large"))["meta"]!.ToJsonString(Relaxed)), 30_000, 65_536);
        for (var i = 0; i < 200; i++)
        {
            logger.LogInformation("{Text}", new string('x', 60_000));
        }

        await _bayou.UntilAsync(b => Of(b, "large").Count == 201);
        Assert.All(_bayou.Received, batch => Assert.InRange(batch.Items.Sum(item => item.ToJsonString().Length), 0, 5_000_000));
    }

    [Fact]
    public async Task The_trace_id_of_a_scope_comes_first()
    {
        await using var app = await StartAsync();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("traced");
        using (logger.BeginScope(new Dictionary<string, object> { ["trace_id"] = "of-the-caller" }))
        {
            logger.LogInformation("m");
        }

        Assert.Equal("of-the-caller", (string)(await OnlyAsync("traced"))["trace_id"]!);
    }

    [Fact]
    public async Task A_batch_that_was_not_taken_is_tried_again_with_its_key_and_says_so_nowhere_but_here()
    {
        _bayou.Answer = received => received.Items.Any(item => (string?)item["source"] == "again")
            && _bayou.Received.Count(r => r.Items.Any(item => (string?)item["source"] == "again")) < 2 ? 503 : 202;
        await using var app = await StartAsync();
        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("again").LogError("kept");
        await OnlyAsync("again");
        var tries = _bayou.Received.Where(r => r.Items.Any(item => (string?)item["source"] == "again")).ToList();
        Assert.Equal(3, tries.Count);
        Assert.Single(tries.Select(r => r.Key).Distinct());
        Assert.Contains(app.Log.Warnings, line => line.Contains("did not take a batch", StringComparison.Ordinal));
        Assert.DoesNotContain(_bayou.Items, item => (string?)item["source"] == RateLimitedLog.Category);
    }

    [Fact]
    public async Task Filters_know_it_by_name_and_what_is_not_enabled_sends_nothing()
    {
        await using var app = await StartAsync(logging => logging.AddFilter<BayouLoggerProvider>("noisy", LogLevel.Error));
        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        loggers.CreateLogger("noisy").LogWarning("left out");
        loggers.CreateLogger("heard").LogWarning("sent");
        await OnlyAsync("heard");
        Assert.Empty(Of(_bayou, "noisy"));

        await using var off = await StartAsync(configure: options => options.Enabled = false);
        off.Services.GetRequiredService<ILoggerFactory>().CreateLogger("off").LogError("not sent");
        Assert.Equal(0, off.Services.GetRequiredService<SendQueue<LoggedLine>>().Count);
    }

    private static List<JsonNode> Of(FakeBayou bayou, string source) => [.. bayou.Items.Where(item => (string?)item["source"] == source)];

    private Task<MonitoredApp> StartAsync(
        Action<ILoggingBuilder>? logging = null, Action<BayouOptions>? configure = null, Action<WebApplication>? map = null) =>
        MonitoredApp.StartAsync(_bayou.Url, map ?? (app => app.MapGet("/", () => "hello")), configure, builder =>
        {
            builder.AddBayou();
            logging?.Invoke(builder);
        });

    private async Task<JsonNode> OnlyAsync(string source)
    {
        await _bayou.UntilAsync(b => Of(b, source).Count > 0);
        return Assert.Single(Of(_bayou, source));
    }

    private sealed class Thrower
    {
        public override string ToString() => throw new InvalidOperationException("no text");
    }
}
