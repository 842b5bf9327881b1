using Bayou.Access;
using Bayou.Self;
using Microsoft.Net.Http.Headers;

namespace Bayou;

/// <summary>Serves the single-page app: its hashed files for ever, the page itself always fresh.</summary>
internal static class Page
{
    /// <summary>Where the page is served from instead, as by Vite in development; empty for here.</summary>
    private const string UrlKey = "BAYOU_PAGE_URL";

    private const string ContentType = "text/html; charset=utf-8";

    /// <summary>What browsers ask for where a page names none, as the API's reference.</summary>
    private const string Icon = "/favicon.ico";

    public static void UsePageFiles(this WebApplication app)
    {
        var files = new StaticFileOptions
        {
            OnPrepareResponse = file => file.Context.Response.Headers[HeaderNames.CacheControl] =
                file.Context.Request.Path.StartsWithSegments(PageAssets.Path, StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache",
        };

        // Every other path is the API's, and the page itself has its routes.
        app.UseWhen(http => http.Request.Path.StartsWithSegments(PageAssets.Path, StringComparison.Ordinal) || http.Request.Path == Icon, branch =>
            branch.UseStaticFiles(files));
    }

    public static void MapPage(this WebApplication app)
    {
        foreach (var route in (string[])["/", "/dashboard/{**view}", "/login/{**way}"])
        {
            app.MapGet(route, SendPage).ExcludeFromDescription().WithMetadata(new PageRoute()).IsOpen();
        }
    }

    private static async Task<IResult> SendPage(
        HttpContext http, IWebHostEnvironment environment, IConfiguration configuration, PageAssets assets, CancellationToken ct)
    {
        if (configuration[UrlKey] is { Length: > 0 } elsewhere)
        {
            return Results.Redirect($"{elsewhere}{http.Request.Path}{http.Request.QueryString}");
        }

        var page = environment.WebRootFileProvider.GetFileInfo("index.html");
        if (!page.Exists)
        {
            return Http.ApiProblem.OfStatus(StatusCodes.Status404NotFound) with { Message = "The page has not been built; ./bayou up builds it." };
        }

        http.Response.Headers.CacheControl = "no-cache";
        if (!assets.AreElsewhere)
        {
            return Results.Stream(page.CreateReadStream(), ContentType);
        }

        using var text = new StreamReader(page.CreateReadStream());
        http.Response.Headers.ContentSecurityPolicy = assets.ContentPolicy;
        return Results.Text(assets.In(await text.ReadToEndAsync(ct)), ContentType);
    }
}
