using System.Net.Http.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>Background work, in the page.</summary>
public sealed class JobsPageTests(Browser browser) : IClassFixture<Browser>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_is_run_by_a_form_fails_is_found_among_the_dead_and_tried_again()
    {
        var page = await browser.OpenAsync("/dashboard");
        await page.GetByRole(AriaRole.Link, new() { Name = "Jobs" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Run a job" }).ClickAsync();
        await page.GetByLabel("Type").SelectOptionAsync("noop");
        await page.GetByLabel("error").FillAsync("order 71 has no address");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run it" }).ClickAsync();
        await Expect(page.GetByText("order 71 has no address").First).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync(); // Else it is tried ten times.
        await Expect(page.GetByText("Cancelled").First).ToBeVisibleAsync();

        var refused = Enumerable.Range(1, 3).Select(i => new { type = "noop", payload = new { error = $"card {i} was refused" }, max_attempts = 1 });
        using var sent = await browser.Product.Http.PostAsJsonAsync(new Uri(browser.Product.Url, "/worker/jobs"), refused, Ct);
        sent.EnsureSuccessStatusCode();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("Dead letters") }).ClickAsync();
        var group = page.GetByRole(AriaRole.Row, new() { NameRegex = new("card . was refused") });
        await Expect(group).ToContainTextAsync("3");
        await Browser.ScreenshotAsync(page, "jobs-dead");
        await group.GetByRole(AriaRole.Button, new() { Name = "Try all again" }).ClickAsync();
        await group.GetByRole(AriaRole.Button, new() { NameRegex = new("was refused") }).ClickAsync();
        await Expect(page.GetByText("2 attempts that failed")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_schedule_shows_its_next_runs_before_it_is_saved_and_what_is_wrong_with_it()
    {
        var page = await browser.OpenAsync("/dashboard/worker?view=schedules");
        await page.GetByRole(AriaRole.Button, new() { Name = "New schedule" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Each morning");
        await page.GetByLabel("Job", new() { Exact = true }).SelectOptionAsync("noop");
        await page.GetByLabel("Cron expression").FillAsync("0 0 30 2 *");
        var next = page.GetByRole(AriaRole.Region, new() { Name = "Next runs" });
        await Expect(next).ToContainTextAsync("cron never fires");
        await page.GetByLabel("Cron expression").FillAsync("0 8 * * 1-5");
        await Expect(next.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(5);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        var row = page.Locator("[data-schedule='Each morning']");
        await Expect(row).ToContainTextAsync("0 8 * * 1-5");
        await row.GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();
        await Expect(row).ToContainTextAsync("Succeeded");

        await page.GetByRole(AriaRole.Button, new() { Name = "Bayou itself" }).ClickAsync();
        await Expect(page.Locator("[data-schedule='Health check']")).ToBeVisibleAsync();
        await Browser.ScreenshotAsync(page, "schedules-system");
    }
}
