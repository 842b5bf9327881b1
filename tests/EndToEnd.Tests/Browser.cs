using Microsoft.Playwright;

namespace Bayou;

/// <summary>The product, with a database of its own, and a real browser to look at it.</summary>
public sealed class Browser : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public Product Product { get; private set; } = null!;

    public string DatabaseUrl => _database.Url;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        Product = new Product(_database.Url);
        await Product.StartAsync();
        _playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout(30_000); // A busy machine is not a wrong page.
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = await Chromium.PathAsync(),
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
        await Product.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>A page of a reader of their own, on UTC.</summary>
    public async Task<IPage> OpenAsync(string path, ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 900, bool touch = false)
    {
        var page = await _browser.NewPageAsync(
            new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height }, TimezoneId = "UTC", ReducedMotion = ReducedMotion.Reduce,
            HasTouch = touch });
        page.SetDefaultTimeout(15_000);
        await page.GotoAsync(new Uri(Product.Url, path).ToString());
        return page;
    }

    /// <summary>Into an ignored folder, to be looked at.</summary>
    public static async Task ScreenshotAsync(IPage page, string name, bool whole = false) =>
        await page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "screenshots", $"{name}.png"), FullPage = whole });

    /// <summary>Waits for an answer from this address.</summary>
    public static Task WaitForResponseAsync(IPage page, string path) =>
        page.WaitForResponseAsync(response => new Uri(response.Url).AbsolutePath == path && response.Ok);

    /// <summary>A live view slides as each minute ends: what is aimed at by time is not to move under the mouse.</summary>
    public static async Task BetweenMinutesAsync()
    {
        while (DateTime.UtcNow.Second is < 4 or >= 50)
        {
            await Task.Delay(100, Ct);
        }
    }

    /// <summary>A place in a chart: of so many buckets, this one, counted from 0.</summary>
    public static async Task<(float X, float Y)> BucketAsync(IPage page, string chart, int index, int buckets)
    {
        var grid = page.GetByRole(AriaRole.Region, new() { Name = chart, Exact = true }).Locator(".recharts-cartesian-grid");
        await grid.ScrollIntoViewIfNeededAsync();
        var box = (await grid.BoundingBoxAsync())!;
        return (box.X + (box.Width * (index + 0.5f) / buckets), box.Y + (box.Height / 2));
    }
}
