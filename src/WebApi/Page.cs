using Bayou.Self;
using Microsoft.Net.Http.Headers;

namespace Bayou;

/// <summary>Serves the single-page app: its hashed files for ever, the page itself always fresh.</summary>
internal static class Page
{
    public static void UsePageFiles(this WebApplication app) => app.UseStaticFiles(new StaticFileOptions
    {
        OnPrepareResponse = file => file.Context.Response.Headers[HeaderNames.CacheControl] =
            file.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache",
    });

    public static void MapPage(this WebApplication app)
    {
        foreach (var route in (string[])["/", "/dashboard/{**view}", "/login"])
        {
            app.MapGet(route, SendPage).ExcludeFromDescription().WithMetadata(new PageRoute());
        }
    }

    private static IResult SendPage(HttpContext http, IWebHostEnvironment environment)
    {
        var page = environment.WebRootFileProvider.GetFileInfo("index.html");
        if (!page.Exists)
        {
            return Http.ApiProblem.OfStatus(StatusCodes.Status404NotFound) with { Message = "The page has not been built; ./bayou up builds it." };
        }

        http.Response.Headers.CacheControl = "no-cache";
        return Results.Stream(page.CreateReadStream(), "text/html; charset=utf-8");
    }
}
