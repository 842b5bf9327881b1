using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Shop;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>
/// What Bayou is for: an incident is seen, the endpoints that made it, the log pattern that is new, the captured request that failed; it is sent again, fails
/// again, and once the shop is mended it does not.
/// </summary>
public sealed class IncidentTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly DateTimeOffset Spike = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddMinutes(-20).ToUnixTimeSeconds() / 60 * 60);

    /// <summary>Of an hour by minutes: the one that is not over.</summary>
    private const int LastBucket = 59;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_the_spike_to_the_request_that_failed_and_the_proof_that_it_is_mended()
    {
        using var shop = await StartShopAsync();
        try
        {
            await BreakAsync(shop.Url);
            var page = await browser.OpenAsync("/dashboard?service=shop", height: 1_000);

            // The spike.
            await Browser.BetweenMinutesAsync();
            for (var bucket = LastBucket; ; bucket--)
            {
                var (x, y) = await Browser.BucketAsync(page, "Error rate", bucket, 60);
                await page.Mouse.ClickAsync(x, y);
                var answered = page.GetByRole(AriaRole.Region, new() { Name = "What changed", Exact = true });
                await Expect(answered).ToBeVisibleAsync();
                await Expect(answered.GetByText("Loading")).ToHaveCountAsync(0);
                if (await answered.GetByRole(AriaRole.Region, new() { Name = "Endpoints, by errors" }).GetByRole(AriaRole.Link).CountAsync() > 0)
                {
                    break;
                }

                Assert.True(bucket > LastBucket - 10, "The spike is in none of the last minutes.");
            }

            // What changed, and the endpoint.
            var changed = page.GetByRole(AriaRole.Region, new() { Name = "What changed", Exact = true });
            await Browser.ScreenshotAsync(page, "path-1-what-changed");
            await changed.GetByRole(AriaRole.Region, new() { Name = "Endpoints, by errors" }).GetByRole(AriaRole.Link).First.ClickAsync();
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "POST /checkout" })).ToBeVisibleAsync();
            await Browser.ScreenshotAsync(page, "path-2-endpoint");

            // The log pattern that is new.
            await page.GetByRole(AriaRole.Region, new() { Name = "Log patterns" }).GetByRole(AriaRole.Link).Filter(new() { HasText = "coupon" }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = new("^pattern ") })).ToBeVisibleAsync();
            await Browser.ScreenshotAsync(page, "path-3-pattern");

            // The captured request.
            await page.GetByRole(AriaRole.Link, new() { Name = "Captured requests of this pattern" }).ClickAsync();
            await page.GetByRole(AriaRole.Table, new() { Name = "Captured requests" }).GetByRole(AriaRole.Button, new() { Name = "POST /checkout" }).First
                .ClickAsync();
            var request = page.GetByRole(AriaRole.Region, new() { Name = "POST /checkout" });
            await Expect(request.GetByLabel("Exception")).ToContainTextAsync($"Coupon {ShopBug.Coupon} has no rate");
            await Expect(request.GetByRole(AriaRole.Region, new() { Name = "Body, scrollable" })).ToContainTextAsync(ShopBug.Coupon);
            await Browser.ScreenshotAsync(page, "path-4-request");

            // It fails again.
            await request.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
            await SendAsync(request);
            await Expect(request.GetByRole(AriaRole.List).Last).ToContainTextAsync("500 → 500");
            await Browser.ScreenshotAsync(page, "path-5-fails-again");

            // Mended, it does not.
            using var mended = await browser.Product.Http.PutAsJsonAsync(new Uri(shop.Url, "/demo/bug"), new { mended = true }, Ct);
            mended.EnsureSuccessStatusCode();
            await SendAsync(request);
            var differences = request.GetByRole(AriaRole.Region, new() { Name = "Differences" }).First;
            await Expect(differences).ToContainTextAsync(new Regex("Status 500 → (201|200|422)"));
            await Browser.ScreenshotAsync(page, "path-6-mended", whole: true);
            Assert.Empty(await Axe.ComplaintsAsync(page));
        }
        finally
        {
            shop.Process.Kill();
        }
    }

    /// <summary>What changes something asks twice.</summary>
    private static async Task SendAsync(ILocator request)
    {
        await request.GetByRole(AriaRole.Button, new() { Name = "Send again" }).ClickAsync();
        await request.GetByRole(AriaRole.Button, new() { NameRegex = new("^Send POST to ") }).ClickAsync();
        await Expect(request.GetByRole(AriaRole.Button, new() { Name = "Send again" })).ToBeEnabledAsync();
        await Expect(request.GetByRole(AriaRole.Region, new() { Name = "Differences" }).First).ToBeVisibleAsync();
    }

    /// <summary>A quiet hour, and then the coupon that nobody gave a rate.</summary>
    private async Task BreakAsync(Uri shop)
    {
        await browser.Product.SendAsync(Enumerable.Range(0, 50).Select(minute => (object)new
        {
            service = "shop", method = "POST", route = "/checkout", status = 201, duration_ms = 200, time = Spike.AddMinutes(-minute),
        }));
        for (var i = 0; i < 12; i++)
        {
            using var content = new StringContent(ShopMessages.Checkout(ShopBug.Coupon, new Random(i)), Encoding.UTF8, "application/json");
            using var response = await browser.Product.Http.PostAsync(new Uri(shop, "/checkout"), content, Ct);
            Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        }

        using var target = await browser.Product.Http.PutAsJsonAsync(new Uri(browser.Product.Url, "/replay/targets/shop"), new { base_url = shop }, Ct);
        Assert.Equal(HttpStatusCode.NoContent, target.StatusCode);
        await browser.Product.CountedAsync("shop", 63); // With the one that found it up.
        await Eventually.SeesAsync(
            async () => (await browser.Product.DataAsync("/replay?service=shop&status_code=500")).AsArray().Count, count => count > 0);
        await Eventually.SeesAsync(async () => (await browser.Product.DataAsync("/logs?search=coupon")).AsArray().Count, count => count > 0);
    }

    private async Task<RunningShop> StartShopAsync()
    {
        var url = new Uri($"http://127.0.0.1:{Ports.Claim()}");
        var process = Product.Start(
            "ShopApi.dll", ("ASPNETCORE_URLS", url.ToString()), ("Bayou__Url", browser.Product.Url.ToString()), ("Bayou__Version", ""),
            ("ASPNETCORE_ENVIRONMENT", "Production"), ("Logging__LogLevel__Default", "Critical"), ("Logging__Bayou__LogLevel__Default", "Information"));
        await Eventually.SeesAsync(
            async () =>
            {
                try
                {
                    using var response = await browser.Product.Http.GetAsync(new Uri(url, "/products"), Ct);
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            isUp => isUp, TimeSpan.FromMinutes(1));
        return new(process, url);
    }

    private sealed record RunningShop(Process Process, Uri Url) : IDisposable
    {
        public void Dispose() => Process.Dispose();
    }
}
