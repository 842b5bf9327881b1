using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>How every page looks, on every size and in both themes, and to those who do not see it.</summary>
public sealed class LookTests(Browser browser) : IClassFixture<Browser>
{
    private const string Trace = "10000000000000000000000000000000";

    public static TheoryData<string, string, string> Pages => new()
    {
        { "overview", "/dashboard?service=look", "[data-figure=Requests]" },
        { "endpoints", "/dashboard/metrics?service=look", "[role=table]" },
        { "endpoint", "/dashboard/metrics?service=look&endpoint=GET%20%2Fitems%2F7", "[data-figure=Requests]" },
        { "losses", "/dashboard/losses", "[data-service=look]" },
        { "connect", "/dashboard/connect", "pre" },
        { "cluster", "/dashboard/cluster", "[data-node]" },
        { "jobs-now", "/dashboard/worker", "[data-figure=Queued]" },
        { "jobs-list", "/dashboard/worker?view=jobs", "[data-job]" },
        { "jobs-dead", "/dashboard/worker?view=dead", "[aria-label='Dead letters'] tbody tr" },
        { "schedules", "/dashboard/worker?view=schedules&scope=system", "[data-schedule]" },
        { "logs", "/dashboard/logs?service=look", "[role=listitem] button" },
        { "log-best", "/dashboard/logs?service=look&view=best&search=card%20refused%20payment", "[aria-label='Lines that fit best'] li" },
        { "requests", "/dashboard/replay?service=look", "[aria-label='Captured requests'] tbody tr" },
        { "request", "/dashboard/replay?service=look&request=1", "[aria-label='Body, scrollable']" },
        { "request-replay", "/dashboard/replay?service=look&request=1&tab=replay", "[aria-label='Send this request again']" },
        { "request-about", "/dashboard/replay?service=look&request=1&tab=about", "[aria-label^='A map of the world']" },
        { "runs", "/dashboard/replay?view=runs", "[aria-label=Runs] tbody tr" },
        { "traces", "/dashboard/traces?service=look", "[aria-label=Spans] tbody tr" },
        { "trace", $"/dashboard/traces?trace={Trace}&span=a000000000000004", "[role=treeitem]" },
        { "trace-compare", $"/dashboard/traces?trace={Trace}&against={Trace}", "[aria-label='What differs'] tbody tr" },
        { "explorer", "/dashboard/explorer?service=look&metric=pool.size&group=attributes.pool", "[aria-label=Groups] tbody tr" },
        { "map", "/dashboard/map", "[aria-label=Calls] tbody tr" },
        { "log-patterns", "/dashboard/logs?service=look&view=patterns", "table" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_has_nothing_serious_against_it_and_fits_every_width(string name, string path, string ready)
    {
        await FillAsync();
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            foreach (var width in (int[])[380, 1280, 2560])
            {
                var page = await browser.OpenAsync(path, scheme, width, 1000);
                await Expect(page.Locator(ready).First).ToBeVisibleAsync();
                await Expect(page.GetByText("Loading")).ToHaveCountAsync(0);
                await Browser.ScreenshotAsync(page, $"{name}-{scheme}-{width}".ToLowerInvariant());
                Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), $"{name} is wider than {width}");
                if (width != 2560)
                {
                    Assert.Empty(await Axe.ComplaintsAsync(page));
                }

                await page.CloseAsync();
            }
        }
    }

    [Fact]
    public async Task The_first_screen_of_a_phone_has_figures_and_the_way_to_the_other_pages()
    {
        await FillAsync();
        var page = await browser.OpenAsync("/dashboard?service=look", ColorScheme.Light, 380, 700);
        var figure = page.Locator("[data-figure]").First;
        await Expect(figure).ToBeInViewportAsync(new() { Ratio = 1 });
        await page.GetByRole(AriaRole.Link, new() { Name = "Logs", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Listitem).First).ToBeInViewportAsync(new() { Ratio = 1 });
    }

    [Fact]
    public async Task The_palette_and_the_help_have_nothing_serious_against_them()
    {
        await FillAsync();
        var page = await browser.OpenAsync("/dashboard?service=look");
        await Expect(page.Locator("[data-figure=Requests]")).ToBeVisibleAsync();
        foreach (var key in (string[])["Control+k", "?"])
        {
            await page.Keyboard.PressAsync(key);
            await Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
            Assert.Empty(await Axe.ComplaintsAsync(page));
            await page.Keyboard.PressAsync("Escape");
            await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        }
    }

    [Fact]
    public async Task Thousands_of_endpoints_are_in_the_table_and_few_in_the_page()
    {
        await FillAsync();
        var page = await browser.OpenAsync("/dashboard/metrics?service=look");
        await Expect(page.GetByText("1,900 of 1,900 endpoints")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        Assert.InRange(await page.GetByRole(AriaRole.Row).CountAsync(), 5, 80);
        await page.GetByLabel("Find an endpoint").FillAsync("/items/1899");
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Link, new() { Name = "GET /items/1899" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "GET /items/1899" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_api_reference_shows_without_any_other_host()
    {
        var page = await browser.OpenAsync("/dashboard/connect");
        var foreign = new List<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(browser.Product.Url.ToString(), StringComparison.Ordinal) && request.Url.StartsWith("http", StringComparison.Ordinal))
            {
                foreign.Add(request.Url);
            }
        };
        await page.GetByRole(AriaRole.Link, new() { Name = "API", Exact = true }).ClickAsync();
        await Expect(page.GetByText("/health/worker").First).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await Browser.ScreenshotAsync(page, "reference");
        Assert.Empty(foreign);
    }

    [Fact]
    public async Task A_page_that_is_none_leads_back()
    {
        var page = await browser.OpenAsync("/dashboard/nowhere");
        await page.GetByRole(AriaRole.Link, new() { Name = "To the overview" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/dashboard$"));
    }

    private Task FillAsync() => browser.Product.FillOnceAsync(async product =>
    {
        var now = DateTimeOffset.UtcNow;
        await product.SendAsync(Enumerable.Range(0, 1_900).Select(i => (object)new
        {
            service = "look", method = i % 5 == 0 ? "POST" : "GET", route = $"/items/{i}", status = i % 40 == 0 ? 500 : i % 9 == 0 ? 404 : 200,
            duration_ms = 5 + (i % 90), time = now.AddMinutes(-(i % 50)), request_size = 300, response_size = 2_000 + i, country = i % 3 == 0 ? "FR" : "DE",
        }));
        using var jobs = await product.Http.PostAsJsonAsync(new Uri(product.Url, "/worker/jobs"), Enumerable.Range(0, 30).Select(i => new
        {
            type = "noop", max_attempts = 1, payload = new { ms = i % 10 == 0 ? 120_000 : 1, error = i % 3 == 0 ? null : $"order {i} has no address" },
        }), TestContext.Current.CancellationToken);
        jobs.EnsureSuccessStatusCode();
        using var logs = await product.Http.PostAsJsonAsync(new Uri(product.Url, "/ingest/v1/logs"), Enumerable.Range(0, 400).Select(i => new
        {
            source = i % 3 == 0 ? "checkout" : "catalog", service = "look", level = i % 40 == 0 ? "error" : i % 9 == 0 ? "warn"
                : "info", time = now.AddSeconds(-i * 7),
            message = i % 40 == 0 ? $"payment {i} failed: the provider answered 502\n   at Shop.Pay()\n   at Shop.Program.Main()"
                : $"order {i} placed after {i * 3} ms",
        }), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, logs.StatusCode);
        using var snapshots = await product.Http.PostAsJsonAsync(new Uri(product.Url, "/ingest/v1/snapshots"), Enumerable.Range(0, 40).Select(i => new
        {
            service = "look", method = i % 3 == 0 ? "POST" : "GET", path = $"/items/{i}", query = "page=2&token=secret", route = "/items/{id}",
            status_code = i % 4 == 0 ? 500 : i % 7 == 0 ? 404 : 200, duration = 5 + (i * 3), time = now.AddSeconds(-i * 11), stage = "canary",
            headers = new Dictionary<string, string> { ["host"] = "shop.example.com", ["cf-ipcountry"] = "FR", ["content-type"] = "application/json" },
            body = new { item = new { sku = $"SKU-{i}", tags = new[] { "a", "b" }, price = 1.5 }, password = "secret" },
            response_body = new { error = i % 4 == 0 ? "no stock" : null, at = now }, error = i % 4 == 0 ? "System.Exception: no stock\n   at Shop()" : null,
            trace_id = $"look-{i}", user_id = $"user{i % 5}",
        }), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, snapshots.StatusCode);
        using var target = await product.Http.PutAsJsonAsync(
            new Uri(product.Url, "/replay/targets/look"), new { base_url = product.Url }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, target.StatusCode);
        using var run = await product.Http.PostAsJsonAsync(
            new Uri(product.Url, "/replay/runs"), new { ids = Enumerable.Range(1, 5) }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, run.StatusCode);
        await TracedShop.SendAsync(product, Trace, now.AddMinutes(-2), TracedShop.Checkout(90, isRefused: true, shop: "look"));
        for (var i = 0; i < 60; i++)
        {
            await TracedShop.SendAsync(
                product, TracedShop.NewTrace(), now.AddSeconds(-i * 40), TracedShop.Checkout(5 + (i * i), isRefused: i % 13 == 0, shop: "look"));
        }

        await TracedShop.SendMetricAsync(product, "look", "pool.size");
        object[] refused = [new { service = "look", method = "GET", route = "/items/1", status = 99, duration_ms = 1, time = now }];
        using var losses = await product.Http.PostAsJsonAsync(new Uri(product.Url, "/ingest/v1/requests"), refused, TestContext.Current.CancellationToken);
        await product.CountedAsync("look", 1_900); // By the better origin: its spans say no more.
    });
}
