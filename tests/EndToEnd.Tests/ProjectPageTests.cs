using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>Two projects in one page, none of which sees the other.</summary>
public sealed class ProjectPageTests : IAsyncLifetime
{
    private readonly Browser _browser = new();

    private Product Product => _browser.Product;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _browser.InitializeAsync();

    public ValueTask DisposeAsync() => _browser.DisposeAsync();

    [Fact]
    public async Task A_second_project_is_made_filled_switched_to_deleted_and_restored()
    {
        await Product.SendAsync("shop", 12);
        using var made = await Product.Http.PostAsJsonAsync(
            new Uri(Product.Url, "/auth/first"), new { name = "Olga", email = "olga@example.com", password = "a long enough password" }, Ct);
        var page = await _browser.OpenAsync("/dashboard/settings?tab=project");
        await page.GetByLabel("E-mail").FillAsync("olga@example.com");
        await page.GetByLabel("Password").FillAsync("a long enough password");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByLabel("Project", new() { Exact = true })).ToHaveCountAsync(0); // With one there is nothing to choose.
        await page.GetByLabel("Name of the new project").FillAsync("Kiosk");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a project" }).ClickAsync();

        // It begins with a key.
        await page.GetByLabel("Name of the key").FillAsync("kiosk");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a key" }).ClickAsync();
        var key = (await page.GetByLabel("The key", new() { Exact = true }).TextContentAsync())!;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Product.Url, "/ingest/v1/requests"))
        {
            Content = JsonContent.Create(Enumerable.Range(0, 7).Select(_ =>
                new { service = "kiosk", method = "GET", route = "/tickets", status = 200, duration_ms = 3, time = DateTimeOffset.UtcNow })),
        };
        request.Headers.Add("x-api-key", key);
        using var sent = await Product.Http.SendAsync(request, Ct);
        Assert.True(sent.IsSuccessStatusCode);
        await page.GetByRole(AriaRole.Link, new() { Name = "Overview", Exact = true }).ClickAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("7");
        await Expect(page.GetByLabel("Service", new() { Exact = true })).Not.ToContainTextAsync("shop");
        await Browser.ScreenshotAsync(page, "project-second");
        Assert.Empty(await Axe.ComplaintsAsync(page));

        await page.GetByLabel("Project", new() { Exact = true }).SelectOptionAsync("default");
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("12");
        await Expect(page.GetByLabel("Service", new() { Exact = true })).Not.ToContainTextAsync("kiosk");
        await Expect(page).ToHaveURLAsync(new Regex("project=1"));
        await page.ReloadAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("12");
        await page.GoBackAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("7");
        await Expect(page.GetByLabel("Project", new() { Exact = true })).ToHaveValueAsync("2");

        await page.GetByRole(AriaRole.Link, new() { Name = "Settings", Exact = true }).ClickAsync();
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Kiosk");
        await Browser.ScreenshotAsync(page, "settings-project");
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await Browser.ScreenshotAsync(page, "settings-project-dark");
        Assert.Empty(await Axe.ComplaintsAsync(page));
        await page.SetViewportSizeAsync(380, 800);
        await Browser.ScreenshotAsync(page, "settings-project-380");
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
        await page.SetViewportSizeAsync(1280, 800);
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete Kiosk now" }).ClickAsync();
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("default");
        await Expect(page.GetByLabel("Project", new() { Exact = true })).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore" }).ClickAsync();
        await page.GetByLabel("Project", new() { Exact = true }).SelectOptionAsync("Kiosk");
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Kiosk");

        // Deleted by somebody else while it is looked at.
        using var signedIn = await Product.Http.PostAsJsonAsync(
            new Uri(Product.Url, "/auth/login"), new { email = "olga@example.com", password = "a long enough password" }, Ct);
        await page.GetByRole(AriaRole.Link, new() { Name = "Overview", Exact = true }).ClickAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("7");
        using var deleted = await Product.Http.DeleteAsync(new Uri(Product.Url, "/projects/2"), Ct);
        Assert.True(deleted.IsSuccessStatusCode);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("There is no project 2");

        await page.GotoAsync(new Uri(Product.Url, "/dashboard?project=77").ToString());
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("There is no project 77");
        await page.GetByRole(AriaRole.Link, new() { Name = "To default" }).ClickAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("12");
    }
}
