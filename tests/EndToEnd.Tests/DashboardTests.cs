using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Bayou;

public sealed class DashboardTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private Product _product = null!;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _product = new Product(_database.Url);
        await _product.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("BAYOU_CHROMIUM") ?? "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
        await _product.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Numbers_move_within_five_seconds_of_a_request_and_agree_with_the_api()
    {
        await _product.SendAsync("shop", 40);
        await _product.SendAsync("shop", 10, status: 500, durationMs: 400, route: "/checkout");
        var page = await OpenAsync(ColorScheme.Light, 1280, 900);
        await page.GotoAsync(new Uri(_product.Url, "/dashboard?service=shop").ToString());
        var requests = page.Locator("[data-figure=Requests]");
        await Assertions.Expect(requests).ToHaveTextAsync("50", new() { Timeout = 10_000 });
        await Assertions.Expect(page.Locator("[data-figure=Errors]")).ToHaveTextAsync("20 %");
        await Assertions.Expect(page.GetByRole(AriaRole.Row, new() { Name = "GET /checkout" })).ToContainTextAsync("100 %");

        // Without a reload, and seen within five seconds of being sent.
        await _product.SendAsync("shop", 7);
        await Assertions.Expect(requests).ToHaveTextAsync("57", new() { Timeout = 5_000 });
        await Assertions.Expect(page.GetByRole(AriaRole.Row, new() { Name = "GET /cart/{id}" }).GetByRole(AriaRole.Cell).First).ToHaveTextAsync("47");

        var summary = JsonNode.Parse(await _product.Http.GetStringAsync(new Uri(_product.Url, "/metrics/summary?service=shop"), Ct))!["data"]!;
        Assert.Equal((57, 0.175439), ((int)summary["traffic"]!["value"]!, (double)summary["error_rate"]!["value"]!));
        await ScreenshotAsync(page, "dashboard-light");
    }

    [Fact]
    public async Task The_page_keeps_its_rows_while_the_server_is_killed_and_goes_on_by_itself()
    {
        await _product.SendAsync("shop", 12);
        var page = await OpenAsync(ColorScheme.Dark, 380, 800);
        await page.GotoAsync(new Uri(_product.Url, "/dashboard?service=shop").ToString());
        var requests = page.Locator("[data-figure=Requests]");
        await Assertions.Expect(requests).ToHaveTextAsync("12", new() { Timeout = 10_000 });

        // Acknowledged a moment before kill -9: the next life must deliver it.
        await _product.SendAsync("shop", 3);
        await _product.KillAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Live updates paused", new() { Timeout = 10_000 });
        await Assertions.Expect(requests).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^1[25]$"));
        await ScreenshotAsync(page, "paused-dark-narrow");

        await _product.StartAsync();
        await Assertions.Expect(requests).ToHaveTextAsync("15", new() { Timeout = 20_000 });
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0, new() { Timeout = 10_000 });
    }

    [Fact]
    public async Task The_page_fills_by_itself_and_services_can_be_picked_by_keyboard()
    {
        var page = await OpenAsync(ColorScheme.Dark, 1280, 900);
        await page.GotoAsync(_product.Url.ToString());
        await Assertions.Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[1-9]"), new() { Timeout = 20_000 });
        await _product.SendAsync("shop", 5);
        await _product.SendAsync("billing", 5);
        var picker = page.GetByRole(AriaRole.Combobox, new() { Name = "Service" });
        await picker.FocusAsync();
        await Assertions.Expect(picker).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("billing"), new() { Timeout = 15_000 });
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Option, new() { Name = "shop" }).PressAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("service=shop"));
        await Assertions.Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("5", new() { Timeout = 10_000 });
        await ScreenshotAsync(page, "dashboard-dark");
    }

    [Fact]
    public async Task The_api_reference_shows_without_any_other_host()
    {
        var page = await OpenAsync(ColorScheme.Light, 1280, 900);
        var foreign = new List<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(_product.Url.ToString(), StringComparison.Ordinal) && request.Url.StartsWith("http", StringComparison.Ordinal))
            {
                foreign.Add(request.Url);
            }
        };
        await page.GotoAsync(new Uri(_product.Url, "/reference").ToString());
        await Assertions.Expect(page.GetByText("/ingest/v1/requests").First).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await ScreenshotAsync(page, "reference");
        Assert.Empty(foreign);
    }

    private async Task<IPage> OpenAsync(ColorScheme scheme, int width, int height) =>
        await _browser.NewPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height } });

    /// <summary>Into an ignored folder, to be looked at.</summary>
    private static async Task ScreenshotAsync(IPage page, string name) =>
        await page.ScreenshotAsync(new() { Path = Path.Combine(Product.Root, "screenshots", $"{name}.png") });
}
