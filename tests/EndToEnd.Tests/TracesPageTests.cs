using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>What somebody does with traces.</summary>
public sealed class TracesPageTests(Browser browser) : IClassFixture<Browser>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_slow_request_is_followed_from_the_list_to_its_trace_its_line_and_what_was_captured_of_it()
    {
        var (service, trace) = (NewService(), TracedShop.NewTrace());
        var begin = DateTimeOffset.UtcNow.AddMinutes(-3);
        await TracedShop.SendAsync(browser.Product, trace, begin, TracedShop.Checkout(700, isRefused: true, shop: service));
        await PostAsync("/ingest/v1/logs", new[]
        {
            new { source = "Checkout", service, level = "error", message = "the bank did not answer", trace_id = trace, time = begin.AddMilliseconds(750) },
        });
        await PostAsync("/ingest/v1/snapshots", new[]
        {
            new { service, method = "POST", path = "/checkout", status_code = 502, duration = 780, trace_id = trace, time = begin, body = new { card = 1 } },
        });

        var page = await browser.OpenAsync($"/dashboard/traces?service={service}");
        await Rows(page).First.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = $"{service}: POST /checkout" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Treeitem)).ToHaveCountAsync(4);
        await Expect(page.GetByText("the bank is away").First).ToBeVisibleAsync(); // of the span that the list led to
        await Expect(page.GetByText("at Bank.Charge()")).ToBeVisibleAsync();
        await Browser.ScreenshotAsync(page, "trace-error");

        await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("the bank did not answer") }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/dashboard/logs"));
        await page.GetByRole(AriaRole.Link, new() { Name = "The trace", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Treeitem)).ToHaveCountAsync(4);
        await page.GetByRole(AriaRole.Link, new() { Name = "Captured request", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "POST /checkout", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "About", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "The trace", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Treeitem)).ToHaveCountAsync(4);
    }

    [Fact]
    public async Task A_trace_of_ten_thousand_spans_is_few_rows_in_the_page_and_is_gone_through_by_keys()
    {
        var (service, trace) = (NewService(), TracedShop.NewTrace());
        var parts = Enumerable.Range(1, 10_000).Select(i => new TracedShop.Part(
            Id(i), i == 1 ? null : Id(i / 10 == 0 ? 1 : i / 10), service, i == 7_777 ? "the needle" : $"work {i}", 1, i / 10.0, 1_100 - (i / 10.0)));
        await TracedShop.SendAsync(browser.Product, trace, DateTimeOffset.UtcNow.AddMinutes(-3), [.. parts]);
        var page = await browser.OpenAsync($"/dashboard/traces?trace={trace}");
        var tree = page.GetByRole(AriaRole.Tree);
        await Expect(tree).ToHaveAttributeAsync("data-spans", "10000");
        Assert.InRange(await page.GetByRole(AriaRole.Treeitem).CountAsync(), 10, 100);
        await tree.EvaluateAsync("tree => tree.scrollTo(0, 100000)");
        await Expect(page.GetByRole(AriaRole.Treeitem).First).Not.ToContainTextAsync("work 1");

        await page.GetByLabel("Find in this trace").FillAsync("needle");
        await Expect(page.GetByText("1 found")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "The next found" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Treeitem, new() { Selected = true })).ToContainTextAsync("the needle");
        await page.GetByRole(AriaRole.Button, new() { Name = "Fold all" }).ClickAsync();
        await Expect(tree).ToHaveAttributeAsync("data-spans", "19");
        await page.GetByRole(AriaRole.Treeitem).Nth(1).ClickAsync();
        await tree.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(tree).ToHaveAttributeAsync("data-spans", "29");
        await page.Keyboard.PressAsync("ArrowDown");
        await Expect(page.GetByRole(AriaRole.Treeitem, new() { Selected = true })).ToHaveAttributeAsync("aria-level", "3");

        static string Id(int number) => number.ToString("x16", CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task An_attribute_is_a_filter_and_a_drag_selects_time_and_duration()
    {
        var service = NewService();
        foreach (var i in Enumerable.Range(0, 20))
        {
            await TracedShop.SendAsync(
                browser.Product, TracedShop.NewTrace(), DateTimeOffset.UtcNow.AddMinutes(-1 - i), TracedShop.Checkout(i % 5 == 0 ? 900 : 9, shop: service));
        }

        var page = await browser.OpenAsync($"/dashboard/traces?service={service}");
        await Expect(Rows(page)).ToHaveCountAsync(20);
        var plot = page.Locator("figure svg");
        var box = (await plot.BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + box.Width - 2, box.Y + (box.Height * 0.3f));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + 5, box.Y - 10);
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync(new Regex("longer=.*shorter="));
        await Expect(Rows(page)).ToHaveCountAsync(4);
        await Rows(page).First.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Treeitem, new() { NameRegex = new Regex("SELECT basket") }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Spans with this db.system.name" }).ClickAsync();
        await Expect(page.GetByText("attributes.db.system.name=postgresql")).ToBeVisibleAsync();
        await Expect(Rows(page)).ToHaveCountAsync(4); // Their database took as long.
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("at least") }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("less than") }).ClickAsync();
        await Expect(Rows(page).First).ToContainTextAsync("SELECT basket");
    }

    [Fact]
    public async Task Two_traces_are_set_side_by_side_and_the_map_shows_who_calls_whom()
    {
        var (service, pay, slow, fast) = (NewService(), NewService(), TracedShop.NewTrace(), TracedShop.NewTrace());
        await TracedShop.SendAsync(browser.Product, slow, DateTimeOffset.UtcNow.AddMinutes(-3), TracedShop.Checkout(900, shop: service, payments: pay));
        await TracedShop.SendAsync(browser.Product, fast, DateTimeOffset.UtcNow.AddMinutes(-2), TracedShop.Checkout(10, shop: service, payments: pay));
        var page = await browser.OpenAsync($"/dashboard/traces?trace={slow}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare", Exact = true }).ClickAsync();
        await page.GetByLabel("The id of the trace to compare with").FillAsync(fast);
        await page.Keyboard.PressAsync("Enter");
        var most = page.GetByRole(AriaRole.Table, new() { Name = "What differs" }).GetByRole(AriaRole.Row).Nth(1);
        await Expect(most).ToContainTextAsync("SELECT basket");
        await Expect(most).ToContainTextAsync("+890 ms");

        await page.GotoAsync(new Uri(browser.Product.Url, "/dashboard/map?range=15m").ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = service }).ClickAsync();
        var calls = page.GetByRole(AriaRole.Table, new() { Name = "Calls" });
        await Expect(calls.GetByRole(AriaRole.Row, new() { NameRegex = new Regex($"{service}.*{pay}") })).ToContainTextAsync("2");
        await page.GetByRole(AriaRole.Link, new() { Name = "Its traces" }).ClickAsync();
        await Expect(Rows(page)).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task A_metric_is_picked_grouped_and_narrowed_and_its_address_shows_the_same()
    {
        var (service, name) = (NewService(), $"pool.{Guid.NewGuid():N}");
        await TracedShop.SendMetricAsync(browser.Product, service, name);
        var page = await browser.OpenAsync($"/dashboard/explorer?service={service}");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex(name) }).ClickAsync();
        await Expect(page.GetByText("What the pools hold").Last).ToBeVisibleAsync();
        await page.GetByLabel("Group by").SelectOptionAsync("attributes.pool");
        var groups = page.GetByRole(AriaRole.Table, new() { Name = "Groups" });
        await Expect(groups.GetByRole(AriaRole.Row)).ToHaveCountAsync(2);
        await page.GetByLabel("Value").SelectOptionAsync("max");
        await groups.GetByRole(AriaRole.Button, new() { Name = "b", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("attributes.pool=b") })).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("attributes.pool=b") })).ToBeVisibleAsync();
        await Expect(page.GetByText(new Regex("^max, per"))).ToBeVisibleAsync();
    }

    private static ILocator Rows(IPage page) => page.GetByRole(AriaRole.Table, new() { Name = "Spans" }).Locator("tbody tr");

    private static string NewService() => $"s-{Guid.NewGuid():N}"[..14];

    private async Task PostAsync(string path, object body)
    {
        using var answer = await browser.Product.Http.PostAsJsonAsync(new Uri(browser.Product.Url, path), body, Ct);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }
}
