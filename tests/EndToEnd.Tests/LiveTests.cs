using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>The page is live, stays honest when the server is away, and rests when nobody looks.</summary>
public sealed class LiveTests : IAsyncLifetime
{
    private readonly Browser _browser = new();

    private Product Product => _browser.Product;

    public ValueTask InitializeAsync() => _browser.InitializeAsync();

    public ValueTask DisposeAsync() => _browser.DisposeAsync();

    [Fact]
    public async Task Numbers_move_by_themselves_and_agree_with_the_api()
    {
        await Product.SendAsync("shop", 40);
        await Product.SendAsync("shop", 10, status: 500, durationMs: 400, route: "/checkout");
        var page = await _browser.OpenAsync("/dashboard?service=shop&range=15m");
        var requests = page.Locator("[data-figure=Requests]");
        await Expect(requests).ToHaveTextAsync("50", new() { Timeout = 30_000 });
        await Expect(page.Locator("[data-figure='Error rate']")).ToHaveTextAsync("20 %");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "GET /checkout" })).ToContainTextAsync("10");

        // Without a reload. How soon is the machine's matter as well: the page says how far behind it is.
        await Product.SendAsync("shop", 7);
        await Expect(requests).ToHaveTextAsync("57", new() { Timeout = 30_000 });
        await Expect(page.Locator("[data-freshness=live]")).ToContainTextAsync(new Regex(@"Live, \d+\.\d s behind"));
        var summary = await Product.DataAsync("/metrics/summary?service=shop");
        Assert.Equal((57, 0.175439), ((int)summary["traffic"]!["value"]!, (double)summary["error_rate"]!["value"]!));
    }

    [Fact]
    public async Task The_page_keeps_its_figures_while_the_server_is_killed_and_goes_on_by_itself()
    {
        await Product.SendAsync("shop", 12);
        var page = await _browser.OpenAsync("/dashboard?service=shop&range=15m", ColorScheme.Dark, 380, 800);
        var requests = page.Locator("[data-figure=Requests]");
        await Expect(requests).ToHaveTextAsync("12", new() { Timeout = 30_000 });

        // Acknowledged a moment before kill -9: the next life must deliver it.
        await Product.SendAsync("shop", 3);
        await Product.KillAsync();
        await Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "Live updates paused" }))
            .ToContainTextAsync("Live updates paused", new() { Timeout = 30_000 });
        await Expect(requests).ToHaveTextAsync(new Regex("^1[25]$"));
        await Browser.ScreenshotAsync(page, "paused-dark-narrow");

        await Product.StartAsync();
        await Expect(requests).ToHaveTextAsync("15", new() { Timeout = 20_000 });
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0, new() { Timeout = 30_000 });
    }

    [Fact]
    public async Task A_new_bayou_shows_its_own_traffic_and_turns_green_at_the_first_request_of_another()
    {
        var page = await _browser.OpenAsync("/");
        var listener = page.Locator("[data-listener]");
        await Expect(listener).ToHaveAttributeAsync("data-listener", "waiting");
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync(new Regex("^[1-9]"), new() { Timeout = 20_000 });
        await Browser.ScreenshotAsync(page, "empty-light");
        await page.GetByRole(AriaRole.Button, new() { Name = "curl" }).ClickAsync();
        await Expect(page.Locator("pre")).ToContainTextAsync($"{Product.Url.ToString().TrimEnd('/')}/ingest/v1/requests");

        await Product.SendAsync("billing", 5, route: "/invoices/{id}");
        await Expect(listener).ToHaveAttributeAsync("data-listener", "heard", new() { Timeout = 30_000 });
        await Expect(listener).ToContainTextAsync("billing (1 endpoint)");

        // Bayou's own service steps back.
        await Expect(page.GetByLabel("Service", new() { Exact = true })).ToHaveValueAsync("billing");
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("5", new() { Timeout = 30_000 });
    }

    [Fact]
    public async Task A_chart_of_no_errors_ends_at_one_percent()
    {
        await Product.SendAsync("shop", 12);
        var page = await _browser.OpenAsync("/dashboard?service=shop&range=15m");
        await Expect(page.Locator("[data-figure='Error rate']")).ToHaveTextAsync("0 %", new() { Timeout = 30_000 });
        var ticks = page.GetByRole(AriaRole.Region, new() { Name = "Error rate" }).Locator(".recharts-yAxis-tick-labels .recharts-cartesian-axis-tick-value");
        await Expect(ticks.Last).ToHaveTextAsync("1 %");
    }

    [Fact]
    public async Task A_hidden_tab_asks_for_nothing_and_a_shown_one_goes_on()
    {
        await Product.SendAsync("shop", 1);
        var page = await _browser.OpenAsync("/dashboard?service=shop");
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("1", new() { Timeout = 30_000 });
        await page.Clock.InstallAsync();
        int asked = 0, open = 0;
        page.Request += (_, request) => (asked, open) = IsMetrics(request) ? (asked + 1, open + 1) : (asked, open);
        page.RequestFinished += (_, request) => open -= IsMetrics(request) ? 1 : 0;
        page.RequestFailed += (_, request) => open -= IsMetrics(request) ? 1 : 0;
        await ShowAsync(page, "hidden");

        // What was under way may end, and an answer may be the first to need another.
        await page.Clock.RunForAsync(10_000);
        await Eventually.SeesAsync(() => Task.FromResult(open), left => left <= 0);
        var before = asked;
        await page.Clock.RunForAsync(60_000);
        Assert.Equal(before, asked);

        var again = Browser.WaitForResponseAsync(page, "/metrics");
        await ShowAsync(page, "visible");
        await page.Clock.RunForAsync(3_000);
        await again;

        static bool IsMetrics(Microsoft.Playwright.IRequest request) => new Uri(request.Url).AbsolutePath.StartsWith("/metrics", StringComparison.Ordinal);

        static Task ShowAsync(IPage page, string state) => page.EvaluateAsync(
            "state => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true }); "
                + "window.dispatchEvent(new Event('visibilitychange')); }", state);
    }

    [Fact]
    public async Task What_was_refused_and_dropped_is_said_beside_the_figures()
    {
        await Product.SendAsync("shop", 2);
        var items = $$"""
            [{"service":"shop","method":"GET","route":"/","status":200,"duration_ms":1,"time":{{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}}},
             {"service":"shop","method":"GET","route":"/","status":999,"duration_ms":1,"time":1}]
            """;
        using var content = new StringContent(items, null, "application/json");
        content.Headers.Add("x-bayou-dropped", "5");
        using var response = await Product.Http.PostAsync(new Uri(Product.Url, "/ingest/v1/requests"), content, TestContext.Current.CancellationToken);
        var page = await _browser.OpenAsync("/dashboard?service=shop");
        await Expect(page.Locator("[data-freshness]"))
            .ToContainTextAsync(
            "Missing from this range: 1 refused, 5 dropped by senders (last: status must be a whole number from 100 to 599, or 0 where the client went "
                + "away)", new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Link, new() { Name = "Missing from this range" }).ClickAsync();
        await Expect(page.Locator("[data-service=shop]")).ToContainTextAsync("status must be a whole number");
        await Expect(page.Locator("[data-service=shop] td").First).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task A_browser_that_looks_for_an_icon_finds_one()
    {
        using var response = await Product.Http.GetAsync(new Uri(Product.Url, "/favicon.ico"), TestContext.Current.CancellationToken);
        Assert.Equal("image/x-icon", response.EnsureSuccessStatusCode().Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_monitored_application_reports_within_ten_seconds_and_loses_nothing_while_bayou_is_away()
    {
        var port = Ports.Claim();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using var shop = Product.Start("ShopApi.dll", ("ASPNETCORE_URLS", http.BaseAddress.ToString()), ("Bayou__Url", Product.Url.ToString()),
            ("Logging__LogLevel__Default", "Critical"));
        try
        {
            var page = await _browser.OpenAsync("/dashboard");
            var sent = await UntilUpAsync(http);
            await Expect(page.GetByRole(AriaRole.Link, new() { Name = "GET /products/{id}", Exact = false })).ToBeVisibleAsync(new() { Timeout = 30_000 });

            await Product.KillAsync();
            sent += await CallAsync(http, 40);
            await Product.StartAsync();
            sent += await CallAsync(http, 10);
            await Product.CountedAsync("shop", sent);
        }
        finally
        {
            shop.Kill();
            await shop.WaitForExitAsync(CancellationToken.None);
        }

        static async Task<int> CallAsync(HttpClient http, int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var response = await http.GetAsync(new Uri($"/products/{i}", UriKind.Relative), TestContext.Current.CancellationToken);
            }

            return times;
        }

        static Task<int> UntilUpAsync(HttpClient http) => Eventually.AnswersAsync(() => CallAsync(http, 1), e => e is HttpRequestException);
    }
}
