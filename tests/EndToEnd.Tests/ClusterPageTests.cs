using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>Who runs a Bayou of several processes, and who may see it.</summary>
public sealed class ClusterPageTests(Browser browser) : IClassFixture<Browser>
{
    private const string Token = "the token of this test";
    private const float Promised = 15_000; // milliseconds until a death is seen

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_that_dies_is_seen_to_and_so_is_its_return()
    {
        var page = await browser.OpenAsync("/dashboard");
        await page.GetByRole(AriaRole.Link, new() { Name = "Cluster" }).ClickAsync();
        await using (var other = new Product(browser.DatabaseUrl, ("Bayou__Cluster__Node", "other"), ("Bayou__Ingest__Node", "other")))
        {
            await other.StartAsync();
            await Expect(Other("up")).ToBeVisibleAsync();
            await other.KillAsync();
            await Expect(Other("silent")).ToBeVisibleAsync(new() { Timeout = Promised });
            await other.StartAsync();
            await Expect(Other("up")).ToBeVisibleAsync();
            await Browser.ScreenshotAsync(page, "cluster");
        }

        ILocator Other(string status) => page.Locator($"[data-node=other][data-status={status}]");
    }

    [Fact]
    public async Task The_page_asks_for_the_token_once()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var guarded = new Product(database.Url, ("BAYOU_TOKEN", Token));
        await guarded.StartAsync();
        var page = await browser.OpenAsync("/dashboard");
        await page.GotoAsync(new Uri(guarded.Url, "/dashboard?service=bayou").ToString());
        var box = page.GetByLabel("Access token", new() { Exact = true });
        await Expect(box).ToBeVisibleAsync();
        await Browser.ScreenshotAsync(page, "sign-in");
        await box.FillAsync("not the token at all");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This is not the access token.");

        await box.FillAsync(Token);
        await page.Keyboard.PressAsync("Enter");
        await Expect(box).ToHaveCountAsync(0);
        await Expect(page).ToHaveURLAsync(new Regex("service=bayou")); // It is where it was going.
        await Expect(page.Locator("[data-figure=Requests]")).ToBeVisibleAsync();
        Assert.DoesNotContain("bayou_session", await page.EvaluateAsync<string>("document.cookie"), StringComparison.Ordinal);

        await page.ReloadAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToBeVisibleAsync();
        await Expect(box).ToHaveCountAsync(0);
    }
}
