using Bayou.Http;
using Microsoft.Net.Http.Headers;

namespace Bayou.Access;

/// <summary>
/// Lets through who may: by <c>BAYOU_TOKEN</c> or an API key, as <c>Authorization: Bearer</c> or <c>x-api-key</c>, or by a cookie. Where nobody has signed up
/// and no token is set, everybody may. Open to all are the page's files, which say nothing, whether the server is alive and ready, and signing in.
/// </summary>
internal sealed class AccessGate(RequestDelegate next, AccessToken token, AccessBook book)
{
    public const string CookieName = "bayou_session";
    public const string KeyHeader = "x-api-key";
    private const string Bearer = "Bearer ";

    public async Task InvokeAsync(HttpContext http)
    {
        var endpoint = http.GetEndpoint();
        var isOpen = endpoint?.Metadata.GetMetadata<OpenRoute>() is not null;
        var (caller, refusal) = await CallerAsync(http);
        if (caller is null && !isOpen)
        {
            http.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
            await new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", refusal).ExecuteAsync(http);
            return;
        }

        // What names no permission, as an address that there is not, is for whoever is known.
        if (!isOpen && endpoint?.Metadata.GetMetadata<NeededPermission>() is { } needed && (caller!.May & needed.Any) == Permission.None)
        {
            await Forbidden(needed.Any, caller).ExecuteAsync(http);
            return;
        }

        http.Features.Set(caller);
        await next(http);
    }

    private static ApiProblem Forbidden(Permission any, Caller caller)
    {
        var least = Permissions.Roles.FirstOrDefault(role => (Permissions.OfRole(role) & any) != Permission.None) ?? Permissions.OwnerRole;
        var scopes = string.Join(" or ", Permissions.Scopes.Where(scope => (Permissions.OfScopes([scope]) & any) != Permission.None));
        return new(StatusCodes.Status403Forbidden, "FORBIDDEN", caller.Kind == CallerKind.Key
            ? scopes.Length > 0 ? $"This needs a key with the scope {scopes}." : "This is for people who have signed in, not for keys."
            : any == Permission.Person ? "This is for people who have signed in." : $"This needs the role {least}.");
    }

    private async ValueTask<(Caller? Caller, string Refusal)> CallerAsync(HttpContext http)
    {
        var headers = http.Request.Headers;
        var bearer = headers.Authorization.ToString() is var authorization && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? authorization[Bearer.Length..].Trim() : "";
        foreach (var given in (ReadOnlySpan<string>)[bearer, headers[KeyHeader].ToString()])
        {
            if (given.Length > 0 && token.Is(given))
            {
                return (Caller.Token, "");
            }
        }

        var key = bearer.Length > 0 ? bearer : headers[KeyHeader].ToString();
        if (key.StartsWith(Secret.KeyPrefix, StringComparison.Ordinal))
        {
            return !Secret.IsWhole(key) ? (null, "The API key is mistyped: its end does not fit its beginning.")
                : await book.OfKeyAsync(key, http.RequestAborted) is { } found ? (found, "")
                : (null, "The API key is not known, has expired or was revoked.");
        }

        if (http.Request.Cookies[CookieName] is { Length: > 0 } cookie)
        {
            if (token.IsCookie(cookie))
            {
                return (Caller.Token, "");
            }

            if (await book.OfSessionAsync(cookie, http.RequestAborted) is { } person)
            {
                return (person, "");
            }
        }

        return book.IsOpen ? (Caller.Open, "")
            : (null, $"This needs an API key{(token.IsRequired ? " or the access token" : "")}, as Authorization: Bearer or {KeyHeader}, or signing in.");
    }
}
