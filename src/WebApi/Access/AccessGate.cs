using Bayou.Http;
using Microsoft.Net.Http.Headers;

namespace Bayou.Access;

/// <summary>Lets through what has the token. Without it there are the page's files, which say nothing, and whether the server is alive and ready.</summary>
internal sealed class AccessGate(RequestDelegate next, AccessToken token)
{
    public const string CookieName = "bayou_session";
    public const string KeyHeader = "x-api-key";
    private const string Bearer = "Bearer ";

    public Task InvokeAsync(HttpContext http) =>
        !token.IsRequired || http.GetEndpoint()?.Metadata.GetMetadata<OpenRoute>() is not null || HasToken(http)
            ? next(http)
            : Refuse(http);

    private bool HasToken(HttpContext http)
    {
        var headers = http.Request.Headers;
        return (headers.Authorization.ToString() is var authorization && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            && token.Is(authorization[Bearer.Length..].Trim()))
            || (headers[KeyHeader].ToString() is { Length: > 0 } key && token.Is(key))
            || (http.Request.Cookies[CookieName] is { } cookie && token.IsCookie(cookie));
    }

    private static Task Refuse(HttpContext http)
    {
        http.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
        return new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", $"This needs the access token, as Authorization: Bearer or {KeyHeader}.")
            .ExecuteAsync(http);
    }
}

/// <summary>Marks a route that anybody may call.</summary>
internal sealed record OpenRoute;
