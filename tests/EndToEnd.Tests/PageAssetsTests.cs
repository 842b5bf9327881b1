using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>The page's files at another origin, as a content network has them.</summary>
public sealed class PageAssetsTests(Browser browser) : IClassFixture<Browser>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_works_with_all_its_files_from_another_origin()
    {
        var asked = new ConcurrentBag<string>();
        await using var network = await NetworkAsync(asked);
        await using var product = new Product(browser.DatabaseUrl, (PageAssets.Key, network.Urls.Single()), ("Bayou__Cluster__Node", "elsewhere"),
            ("Bayou__Ingest__Node", "elsewhere"));
        await product.StartAsync();
        var page = await browser.OpenAsync("/dashboard"); // Of the other product; this one's has its own address.
        var errors = new ConcurrentBag<string>();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                errors.Add(message.Text);
            }
        };
        var here = new ConcurrentBag<string>();
        page.Request += (_, request) =>
        {
            if (request.Url.StartsWith(new Uri(product.Url, PageAssets.Path).ToString(), StringComparison.Ordinal))
            {
                here.Add(request.Url);
            }
        };
        await page.GotoAsync(new Uri(product.Url, "/dashboard/logs").ToString());
        await Expect(page.GetByRole(Microsoft.Playwright.AriaRole.Main)).ToBeVisibleAsync();
        await page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Cluster" }).ClickAsync(); // A part that is loaded when it is needed.
        await Expect(page.Locator("[data-node=elsewhere]")).ToBeVisibleAsync();
        Assert.Empty(errors);
        Assert.Empty(here);
        Assert.Contains(asked, path => path.Contains("cluster-page", StringComparison.Ordinal));
        Assert.Contains(asked, path => path.EndsWith(".css", StringComparison.Ordinal));
    }

    private static async Task<WebApplication> NetworkAsync(ConcurrentBag<string> asked)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var network = builder.Build();
        network.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(Path.Combine(Repository.Root, "client-app", "dist", "assets")),
            RequestPath = PageAssets.Path,
            ContentTypeProvider = new FileExtensionContentTypeProvider(),
            OnPrepareResponse = file =>
            {
                asked.Add(file.Context.Request.Path);
                file.Context.Response.Headers.AccessControlAllowOrigin = "*";
            },
        });
        await network.StartAsync(Ct);
        return network;
    }
}
