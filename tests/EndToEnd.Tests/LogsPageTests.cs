using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>What somebody does on the Logs page, with lines that keep coming.</summary>
public sealed class LogsPageTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly DateTimeOffset Noon = DateTimeOffset.UtcNow.AddMinutes(-20);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_tail_follows_but_never_moves_while_one_reads()
    {
        var service = await FillAsync(300);
        var page = await browser.OpenAsync($"/dashboard/logs?service={service}");
        await Expect(Lines(page).First).ToContainTextAsync("line 299 of");
        await SendAsync(service, 1, 1_000);
        await Expect(Lines(page).First).ToContainTextAsync("line 1000 of");

        await Box(page).EvaluateAsync("box => box.scrollTo(0, 1200)");
        await Expect(Lines(page).First).Not.ToContainTextAsync("line 1000 of");
        var read = await TopLineAsync(page);
        await SendAsync(service, 37, 2_000);
        var more = page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("37 new lines") });
        await Expect(more).ToBeVisibleAsync();
        Assert.Equal(read, await TopLineAsync(page));
        await Browser.ScreenshotAsync(page, "logs-held");
        await more.ClickAsync();
        await Expect(Lines(page).First).ToContainTextAsync("line 2036 of");
        await Expect(more).ToHaveCountAsync(0);

        // In an open line one reads too.
        await Lines(page).First.GetByRole(AriaRole.Button).First.ClickAsync();
        await SendAsync(service, 2, 3_000);
        await Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("2 new lines") })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_tail_faster_than_the_eye_says_so()
    {
        var service = await FillAsync(10);
        var page = await browser.OpenAsync($"/dashboard/logs?service={service}");
        await Expect(Lines(page)).ToHaveCountAsync(10);
        await SendAsync(service, 3_000, 1_000);
        await Expect(page.GetByText(new Regex("lines/s, sampled"))).ToBeVisibleAsync();
        await Expect(Lines(page).First).ToContainTextAsync("line 3999 of");
        await Browser.ScreenshotAsync(page, "logs-sampled");
        await Expect(page.GetByText(new Regex("lines/s, sampled"))).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_search_is_saved_and_found_again()
    {
        var service = await FillAsync(20);
        var page = await browser.OpenAsync($"/dashboard/logs?service={service}&level=info");
        await Expect(Lines(page)).ToHaveCountAsync(20);
        await page.GetByText("Saved", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("Name of this search").FillAsync("of the fill");
        await page.Keyboard.PressAsync("Enter");
        await page.GotoAsync(new Uri(browser.Product.Url, "/dashboard/logs?level=fatal").ToString());
        await page.GetByText("Saved", new() { Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "of the fill", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"service={service}&level=info"));
        await Expect(Lines(page)).ToHaveCountAsync(20);
        await page.GetByText("Saved", new() { Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Forget of the fill" }).ClickAsync();
        await page.ReloadAsync();
        await page.GetByText("Saved", new() { Exact = true }).ClickAsync();
        await Expect(page.GetByLabel("Name of this search")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "of the fill", Exact = true })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_line_of_a_request_leads_to_its_endpoints_metrics_and_a_change_to_new_patterns()
    {
        var service = await FillAsync(0);
        var minute = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 60 * 60).AddMinutes(-5);
        using var requests = await browser.Product.Http.PostAsJsonAsync(
            new Uri(browser.Product.Url, "/ingest/v1/requests"),
            new[] { new { service, method = "GET", route = "/carts/{id}", status = 503, duration_ms = 12, time = minute.AddSeconds(5) } }, Ct);
        Assert.Equal(HttpStatusCode.Accepted, requests.StatusCode);
        await PostAsync(
            new { source = "carts", service, level = "error", message = "no cart by that name", time = minute.AddSeconds(5),
            meta = new { endpoint = "GET /carts/{id}" } });
        var stored = new Uri(browser.Product.Url, $"/metrics?service={service}");
        await Eventually.SeesAsync(async () => (await browser.Product.Http.GetFromJsonAsync<JsonNode>(stored, Ct))!["data"]!.AsArray(), rows => rows.Count > 0);

        var page = await browser.OpenAsync($"/dashboard/logs?service={service}");
        await Lines(page).First.GetByRole(AriaRole.Button).First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Its endpoint’s metrics at that moment" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "GET /carts/{id}" })).ToBeVisibleAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("1");

        await page.GotoAsync(new Uri(browser.Product.Url, $"/dashboard?service={service}").ToString());
        var (x, y) = await Browser.BucketAsync(page, "Error rate", 59 - (int)(DateTimeOffset.UtcNow - minute).TotalMinutes, 60);
        await page.Mouse.ClickAsync(x, y);
        var patterns = page.GetByRole(AriaRole.Region, new() { Name = "What changed" }).GetByRole(AriaRole.Region, new() { Name = "Log patterns" });
        await Expect(patterns).ToContainTextAsync("no cart by that name");
        await Expect(patterns).ToContainTextAsync("new");
        await patterns.GetByRole(AriaRole.Link).First.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/dashboard/logs.*pattern="));
        await Expect(Lines(page)).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task A_search_a_filter_and_a_range_lead_to_a_line_and_what_is_around_it()
    {
        var service = await FillAsync(60);
        await PostAsync(
            new { source = "checkout", service, level = "error", message = "payment 4711 failed\n   at Shop.Pay()", trace_id = "trace-of-4711",
                time = Noon.AddSeconds(30), meta = new { customer = new { id = 17 }, region = "eu-1" } },
            new { source = "checkout", service, level = "info", message = "\u001b[32mpayment\u001b[0m 4712 done", trace_id = "trace-of-4712",
                time = Noon.AddSeconds(31), meta = new { customer = new { id = 18 }, region = "eu-1" } });
        var page = await browser.OpenAsync($"/dashboard/logs?service={service}");
        await page.GetByLabel("Search the logs").FillAsync("payment");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByLabel("Search for").SelectOptionAsync("keyword");
        await Expect(Lines(page)).ToHaveCountAsync(2);
        await Expect(Lines(page).First).ToContainTextAsync("payment 4712 done");
        await Expect(Lines(page).First.Locator("mark")).ToHaveTextAsync("payment");
        await Expect(Lines(page).Nth(1)).ToContainTextAsync("+1 line");

        // Beside a filter is what the others leave: the error and the info that this service and search have.
        var levels = page.GetByRole(AriaRole.Region, new() { Name = "Level", Exact = true }).GetByRole(AriaRole.Button);
        await Expect(levels).ToHaveTextAsync(["error1", "info1"]);
        await levels.First.ClickAsync();
        await Expect(Lines(page)).ToHaveCountAsync(1);
        await Expect(levels).ToHaveTextAsync(["error1", "info1"]);
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Source", Exact = true }).GetByRole(AriaRole.Button)).ToHaveTextAsync(["checkout1"]);
        await Expect(page).ToHaveURLAsync(new Regex("level=error"));
        await Lines(page).First.GetByRole(AriaRole.Button).First.ClickAsync();
        await Expect(page.GetByLabel("Message")).ToContainTextAsync("at Shop.Pay()");
        await page.GetByRole(AriaRole.Button, new() { Name = "Lines around this" }).ClickAsync();
        await Expect(page.GetByLabel("What checkout wrote around this").GetByRole(AriaRole.Listitem)).ToHaveCountAsync(2);
        await Browser.ScreenshotAsync(page, "logs-line");
        await page.GetByLabel("Only lines with this customer.id").ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("meta=customer.id%3D17"));
        await Expect(Lines(page)).ToHaveCountAsync(1);

        // Everything is in the address, and back leads back.
        await page.ReloadAsync();
        await Expect(Lines(page)).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("customer.id = 17.*remove") }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^error.*remove") }).ClickAsync();
        await Expect(Lines(page)).ToHaveCountAsync(2);
        await page.GoBackAsync();
        await Expect(Lines(page)).ToHaveCountAsync(1);
        await Lines(page).First.GetByRole(AriaRole.Button).First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Same trace" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("trace=trace-of-4711"));
        await Expect(Lines(page)).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task A_pattern_leads_to_its_lines_and_an_export_has_them_all()
    {
        var service = await FillAsync(40);
        var page = await browser.OpenAsync($"/dashboard/logs?service={service}&view=patterns");
        var pattern = page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex(@"line <\*> of") });
        await Expect(pattern).ToBeVisibleAsync();
        await Expect(pattern).ToContainTextAsync("new");
        await pattern.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("pattern="));
        await Expect(Lines(page).First).ToContainTextAsync("line 39 of");

        await page.GetByText("Export", new() { Exact = true }).ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("CSV") }).ClickAsync());
        var rows = (await File.ReadAllTextAsync(await download.PathAsync(), Ct)).TrimEnd().Split("\r\n");
        Assert.Equal(41, rows.Length);
        Assert.All(rows[1..], row => Assert.Contains("line ", row, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_part_of_the_histogram_is_selected_by_a_drag()
    {
        var service = await FillAsync(60);
        var page = await browser.OpenAsync($"/dashboard/logs?service={service}&range=15m");
        await PostAsync(new { source = "late", service, level = "info", message = "of this minute" });
        await Expect(Lines(page)).ToHaveCountAsync(1);
        var (x, y) = await Browser.BucketAsync(page, "Lines", 13, 15);
        var (right, _) = await Browser.BucketAsync(page, "Lines", 14, 15);
        await page.Mouse.MoveAsync(x, y);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(right, y, new() { Steps = 4 });
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync(new Regex("from=.*to="));
        await Expect(Lines(page)).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task With_a_hundred_thousand_lines_loaded_the_page_still_answers_at_once()
    {
        const int Many = 100_000;
        var service = await FillAsync(0);
        foreach (var chunk in Enumerable.Range(0, Many).Chunk(10_000))
        {
            await PostAsync(
                [.. chunk.Select(i =>
                (object)new { source = "many", service, level = "info", message = $"entry {i} of many", time = Noon.AddMilliseconds(i * 5) })]);
        }

        var page = await browser.OpenAsync($"/dashboard/logs?service={service}");
        await Expect(Lines(page).First).ToContainTextAsync($"entry {Many - 1} of");
        await Eventually.SeesAsync(
            async () =>
            {
                await Box(page).EvaluateAsync("box => { box.scrollTo(0, box.scrollHeight); }");
                return int.Parse((await Box(page).GetAttributeAsync("data-lines"))!, null);
            },
            lines => lines == Many, TimeSpan.FromMinutes(2));

        Assert.InRange(await Lines(page).CountAsync(), 10, 120);
        await Box(page).EvaluateAsync("box => { box.scrollTo(0, box.scrollHeight); }");
        await Expect(Lines(page).Last).ToContainTextAsync("entry 0 of");
        await Box(page).EvaluateAsync("box => { box.scrollTo(0, 0); }");
        await SendAsync(service, 1, Many);
        await Expect(Lines(page).First).ToContainTextAsync($"line {Many} of");
        await Lines(page).First.GetByRole(AriaRole.Button).First.ClickAsync();
        await Expect(page.GetByLabel("Message")).ToBeVisibleAsync();
    }

    private static ILocator Box(IPage page) => page.GetByRole(AriaRole.Region, new() { Name = "Log lines" });

    private static ILocator Lines(IPage page) => Box(page).Locator("[role=list] > [role=listitem]");

    /// <summary>The text of the line at the top of what can be seen, and where exactly it is.</summary>
    private static Task<string> TopLineAsync(IPage page) => Box(page).EvaluateAsync<string>("""
        box => {
          const top = box.getBoundingClientRect().top;
          const line = [...box.querySelectorAll('[role=listitem]')].find((item) => item.getBoundingClientRect().bottom > top);
          return `${line.innerText} at ${Math.round(line.getBoundingClientRect().top - top)}`;
        }
        """);

    /// <summary>Lines a second apart, in a service of their own; the last is the newest.</summary>
    private async Task<string> FillAsync(int count)
    {
        var service = $"logs-{Guid.NewGuid():N}";
        if (count > 0)
        {
            await PostAsync(
                [.. Enumerable.Range(0, count)
                .Select(i => (object)new { source = "fill", service, level = "info", message = $"line {i} of the log", time = Noon.AddSeconds(i - count) })]);
        }

        return service;
    }

    private Task SendAsync(string service, int count, int first) =>
        PostAsync([.. Enumerable.Range(first, count).Select(i => (object)new { source = "live", service, level = "warn", message = $"line {i} of the tail" })]);

    private async Task PostAsync(params object[] lines)
    {
        using var response = await browser.Product.Http.PostAsJsonAsync(new Uri(browser.Product.Url, "/ingest/v1/logs"), lines, Ct);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }
}
