using System.Globalization;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>What people come to a dashboard for, done as they would.</summary>
public sealed class TaskTests(TaskTests.Shop shop) : IClassFixture<TaskTests.Shop>
{
    private static readonly DateTimeOffset Minute = Floor(DateTimeOffset.UtcNow).AddMinutes(-30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Find_the_slowest_endpoint_of_the_last_hour()
    {
        var page = await shop.OpenAsync("/dashboard");
        await page.GetByRole(AriaRole.Link, new() { Name = "Endpoints" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Table)).ToBeVisibleAsync(); // The page before has a p95 to click, too.
        await page.GetByRole(AriaRole.Button, new() { Name = "p95" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("GET /report");
        await Expect(page).ToHaveURLAsync(new Regex("sort=p95"));
    }

    [Fact]
    public async Task Say_when_the_error_rate_rose_and_which_endpoint_and_status_caused_it()
    {
        var page = await shop.OpenAsync("/dashboard?service=shop");
        await Browser.BetweenMinutesAsync();
        var (x, y) = await Browser.BucketAsync(page, "Error rate", IndexOf(Minute), 60);
        await page.Mouse.MoveAsync(x, y);
        await Expect(page.GetByText(Minute.ToString("d MMM, HH:mm", CultureInfo.InvariantCulture)).First).ToBeVisibleAsync();
        await page.Mouse.DownAsync();
        await page.Mouse.UpAsync();

        var changed = page.GetByRole(AriaRole.Region, new() { Name = "What changed" });
        await Expect(changed.GetByRole(AriaRole.Button, new() { Name = "Errors" })).ToHaveAttributeAsync("aria-pressed", "true");
        var first = changed.GetByRole(AriaRole.Region, new() { Name = "Endpoints, by errors" }).GetByRole(AriaRole.Link).First;
        await Expect(first).ToContainTextAsync("GET /cart/{id} 503 +30");
        await Expect(changed.GetByRole(AriaRole.Region, new() { Name = "Countries, by requests" })).ToContainTextAsync("Singapore");
        await Browser.ScreenshotAsync(page, "what-changed-light", whole: true);

        // One click to its view, and back.
        await first.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "GET /cart/{id}" })).ToBeVisibleAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("34");
        await page.GoBackAsync();
        await Expect(changed).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(changed).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Compare_todays_traffic_with_yesterdays()
    {
        var page = await shop.OpenAsync("/dashboard?service=shop");
        await page.GetByRole(AriaRole.Button, new() { Name = "24h" }).ClickAsync();
        await page.GetByLabel("Compare with").SelectOptionAsync("day");
        await Expect(page.Locator("dl > div", new() { HasText = "Requests" }).Nth(1)).ToContainTextAsync("from 70");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Requests by status" })).ToContainTextAsync("a day before");
    }

    [Fact]
    public async Task Find_an_endpoints_p99_at_a_given_minute()
    {
        var page = await shop.OpenAsync("/dashboard");
        await Expect(page.Locator("[data-figure=Requests]")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("report");
        await Expect(page.GetByRole(AriaRole.Combobox, new() { Name = "Go to" })).ToHaveValueAsync("report");
        await Expect(page.GetByRole(AriaRole.Option, new() { Name = "GET /report" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "GET /report" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show as a table" }).ClickAsync();
        var row = page.GetByRole(AriaRole.Row, new() { Name = Minute.AddMinutes(5).ToString("HH:mm", CultureInfo.InvariantCulture) });
        await Expect(row).ToContainTextAsync("1.2 s");
        await Browser.ScreenshotAsync(page, "endpoint-as-table");
    }

    [Fact]
    public async Task Share_the_view_as_a_link()
    {
        var page = await shop.OpenAsync("/dashboard");
        await page.GetByLabel("Service", new() { Exact = true }).SelectOptionAsync("shop");
        await page.GetByLabel("Status", new() { Exact = true }).SelectOptionAsync("5xx");
        await page.GetByRole(AriaRole.Button, new() { Name = "6h" }).ClickAsync();
        await page.GetByLabel("Compare with").SelectOptionAsync("week");
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("30");
        var other = await shop.OpenAsync(new Uri(page.Url).PathAndQuery);
        await Expect(other.Locator("[data-figure=Requests]")).ToHaveTextAsync("30");
        await Expect(other.GetByLabel("Status", new() { Exact = true })).ToHaveValueAsync("5xx");
        await Expect(other.GetByLabel("Compare with")).ToHaveValueAsync("week");
        await Expect(other.GetByRole(AriaRole.Button, new() { Name = "6h" })).ToHaveAttributeAsync("aria-pressed", "true");
    }

    [Fact]
    public async Task A_drag_zooms_into_what_it_covers_and_the_way_back_is_the_browsers()
    {
        var page = await shop.OpenAsync("/dashboard?service=shop");
        await Browser.BetweenMinutesAsync();
        var (from, y) = await Browser.BucketAsync(page, "Latency", IndexOf(Minute.AddMinutes(-1)), 60);
        var (to, _) = await Browser.BucketAsync(page, "Latency", IndexOf(Minute.AddMinutes(1)), 60);
        await page.Mouse.MoveAsync(from, y);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(to, y, new() { Steps = 8 });
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"from={InUrl(Minute.AddMinutes(-1))}.*to={InUrl(Minute.AddMinutes(2))}"));
        await Expect(page.Locator("[data-freshness=fixed]")).ToContainTextAsync("A fixed range");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "What changed" })).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Expect(page.Locator("[data-freshness=live]")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_custom_range_keeps_what_is_typed_while_the_view_is_live_and_says_what_is_wrong()
    {
        var page = await shop.OpenAsync("/dashboard?service=shop");
        await page.GetByText("Custom", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("From (your time)").FillAsync(Minute.AddMinutes(1).ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));

        // Several polls later it is as it was left.
        await shop.Product.SendAsync("shop", 1, route: "/late");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "GET /late" })).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Expect(page.GetByLabel("From (your time)")).ToHaveValueAsync(Minute.AddMinutes(1).ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        await page.GetByLabel("To (your time)").FillAsync(Minute.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        await page.GetByRole(AriaRole.Button, new() { Name = "Show", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("The end must be after the start.");
        await page.GetByLabel("To (your time)").FillAsync(Minute.AddMinutes(11).ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        await page.GetByRole(AriaRole.Button, new() { Name = "Show", Exact = true }).ClickAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("42"); // 10 minutes of 4, and the report twice.
    }

    [Fact]
    public async Task A_tap_explains_the_bucket_under_the_finger()
    {
        var page = await shop.OpenAsync("/dashboard?service=shop", touch: true);
        await Browser.BetweenMinutesAsync();
        var (x, y) = await Browser.BucketAsync(page, "Error rate", IndexOf(Minute), 60);
        await page.Touchscreen.TapAsync(x, y);
        await Expect(page).ToHaveURLAsync(new Regex($"sel={Regex.Escape(Uri.EscapeDataString($"{Minute:yyyy-MM-ddTHH:mm:ss}.000Z"))}"));
    }

    [Fact]
    public async Task Everything_can_be_done_by_keyboard()
    {
        var page = await shop.OpenAsync("/dashboard?service=shop");
        await Expect(page.Locator("[data-figure=Requests]")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("?");
        await Expect(page.GetByRole(AriaRole.Dialog, new() { Name = "Keyboard shortcuts" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("3");
        await Expect(page).ToHaveURLAsync(new Regex("range=6h"));
        await page.Keyboard.PressAsync("2");
        await page.Keyboard.PressAsync("u");
        await Expect(page.GetByLabel("Clock")).ToHaveValueAsync("UTC");

        // In a chart: along it by arrows, explained by Enter.
        await page.GetByRole(AriaRole.Region, new() { Name = "Error rate", Exact = true }).Locator(".recharts-surface").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "What changed" })).ToBeVisibleAsync();

        await page.Locator("body").PressAsync("g");
        await page.Keyboard.PressAsync("e");
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Endpoints" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("cart");
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task A_deploy_is_marked_on_the_charts_and_listed()
    {
        using var told = await shop.Product.Http.PostAsJsonAsync(new Uri(shop.Product.Url, "/ingest/v1/deploys"),
            new { service = "shop", version = "7.3.1", time = Minute.AddMinutes(-2) }, Ct);
        var page = await shop.OpenAsync("/dashboard?service=shop");
        await page.GetByText("1 deploy in this range").ClickAsync();
        await Expect(page.GetByText("shop 7.3.1")).ToBeVisibleAsync();
        await Expect(page.GetByText("▾ 7.3.1")).ToHaveCountAsync(4);
        await Browser.BetweenMinutesAsync();
        var (x, y) = await Browser.BucketAsync(page, "Latency", IndexOf(Minute), 60);
        await page.Mouse.ClickAsync(x, y);
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "What changed" })).ToContainTextAsync("Deployed in it or shortly before: shop 7.3.1");
    }

    [Fact]
    public async Task A_question_can_be_taken_along_as_curl_and_its_answer_as_csv()
    {
        var page = await shop.OpenAsync("/dashboard?service=shop");
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GetByLabel("Copy Status codes").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy as curl" }).ClickAsync();
        await Expect(page.GetByText("Copied as curl").First).ToBeVisibleAsync();
        Assert.Matches(@"^curl 'http://localhost:\d+/metrics/top\?service=shop&.*dimension=status",
            await page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        await page.GetByLabel("Copy Status codes").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy as CSV" }).ClickAsync();
        await Expect(page.GetByText("Copied as CSV").First).ToBeVisibleAsync();
        Assert.StartsWith("status,requests,share,change\r\n200,", await page.EvaluateAsync<string>("navigator.clipboard.readText()"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_range_without_requests_says_so_and_shows_the_way_out()
    {
        var page = await shop.OpenAsync("/dashboard?service=shop&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go to the last requests" }).ClickAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync(new Regex("^[1-9]"));
    }

    private static DateTimeOffset Floor(DateTimeOffset at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMinute));

    /// <summary>Which of the 60 buckets of a live hour.</summary>
    private static int IndexOf(DateTimeOffset minute) => 59 - (int)(Floor(DateTimeOffset.UtcNow) - minute).TotalMinutes;

    /// <summary>A shop with a history: a day, an incident half an hour ago, a slow report.</summary>
    public sealed class Shop : IAsyncLifetime
    {
        private readonly Browser _browser = new();

        public Product Product => _browser.Product;

        public Task<IPage> OpenAsync(string path, bool touch = false) => _browser.OpenAsync(path, height: 1200, touch: touch);

        public async ValueTask InitializeAsync()
        {
            await _browser.InitializeAsync();
            for (var back = 20; back >= -20; back--)
            {
                await Product.SendAsync("shop", 4, time: Minute.AddMinutes(-back), country: "DE");
            }

            await Product.SendAsync("shop", 30, status: 503, durationMs: 50, time: Minute, country: "SG");
            await Product.SendAsync("shop", 2, durationMs: 1_200, route: "/report", time: Minute.AddMinutes(5), country: "DE");
            await Product.SendAsync("shop", 70, time: Minute.AddDays(-1), country: "DE");
            await Product.SendAsync("shop", 1, time: Minute.AddDays(-3), country: "DE"); // So that yesterday is a whole day.
            await Product.SendAsync("billing", 6, route: "/invoices", time: Minute);
            await Product.CountedAsync("shop", 266);
        }

        public ValueTask DisposeAsync() => _browser.DisposeAsync();
    }

    private static string InUrl(DateTimeOffset time) => Regex.Escape(Uri.EscapeDataString($"{time:yyyy-MM-ddTHH:mm:ss}.000Z"));
}
