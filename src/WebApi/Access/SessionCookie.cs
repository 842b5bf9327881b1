namespace Bayou.Access;

/// <summary>The cookie by which a browser is known. No script can read it, and no other site's page can make a browser send it.</summary>
internal static class SessionCookie
{
    public static void Set(HttpContext http, string value) => http.Response.Cookies.Append(Callers.CookieName, value, Options(http, SignIn.Longest));

    public static void Delete(HttpContext http) => http.Response.Cookies.Delete(Callers.CookieName, Options(http, TimeSpan.Zero));

    private static CookieOptions Options(HttpContext http, TimeSpan lifetime) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", MaxAge = lifetime, IsEssential = true };
}
