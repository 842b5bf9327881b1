using Bayou.Http;

namespace Bayou.Access;

/// <summary>Where the page shows the token once, and has a cookie from then on.</summary>
internal static class SessionEndpoints
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>Slows down who guesses, and nobody else.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    public static void MapSession(this IEndpointRouteBuilder routes)
    {
        var session = routes.MapGroup("/session").WithTags("Access").WithMetadata(new OpenRoute());
        session.MapPost("", BeginAsync).WithName("BeginSession").WithSummary("Shows the access token; a cookie stands for it from then on.");
        session.MapDelete("", End).WithName("EndSession").WithSummary("Forgets the cookie.");
    }

    private static async Task<IResult> BeginAsync(SessionDoc body, HttpContext http, AccessToken token, TimeProvider time, CancellationToken ct)
    {
        if (token.IsRequired && !token.Is(body.Token ?? ""))
        {
            await Task.Delay(Pause, time, ct);
            return new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", "This is not the access token.", [new("token", "is not the one that the server was started with")]);
        }

        if (token.IsRequired)
        {
            http.Response.Cookies.Append(AccessGate.CookieName, token.Cookie, Options(http, Lifetime));
        }

        return new ApiResult(new { signed_in = true });
    }

    private static ApiResult End(HttpContext http)
    {
        http.Response.Cookies.Delete(AccessGate.CookieName, Options(http, TimeSpan.Zero));
        return new(new { signed_in = false });
    }

    // Strict: no other site's page can make a browser send it.
    private static CookieOptions Options(HttpContext http, TimeSpan lifetime) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", MaxAge = lifetime, IsEssential = true };

    private sealed record SessionDoc(string? Token);
}
