namespace Bayou.Access;

/// <summary>Finds out who calls, by what a request has with it.</summary>
internal sealed class Callers(AccessToken token, AccessBook book)
{
    public const string CookieName = "bayou_session";
    public const string KeyHeader = "x-api-key";

    /// <summary>Where beacons show a key for browsers: they send no headers.</summary>
    public const string KeyParameter = "key";

    private const string Bearer = "Bearer ";

    /// <returns>Null for nobody who is known, and why.</returns>
    public async ValueTask<(Caller? Caller, string Refusal)> FindAsync(HttpContext http, CancellationToken ct)
    {
        var headers = http.Request.Headers;
        var bearer = headers.Authorization.ToString() is var authorization && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? authorization[Bearer.Length..].Trim() : "";
        var header = headers[KeyHeader].ToString();
        if ((bearer.Length > 0 && token.Is(bearer)) || (header.Length > 0 && token.Is(header)))
        {
            return (Caller.Token, "");
        }

        var inAddress = http.Request.Query[KeyParameter].ToString();
        if (inAddress.StartsWith(Secret.KeyPrefix, StringComparison.Ordinal) && !inAddress.StartsWith(Secret.BrowserPrefix, StringComparison.Ordinal))
        {
            return (null, $"A key in an address is in logs on the way; send it as Authorization: Bearer or {KeyHeader}, and revoke this one.");
        }

        var key = bearer.Length > 0 ? bearer : header.Length > 0 ? header : inAddress;
        if (key.StartsWith(Secret.KeyPrefix, StringComparison.Ordinal))
        {
            return !Secret.IsWhole(key) ? (null, "The API key is mistyped: its end does not fit its beginning.")
                : await book.OfKeyAsync(key, ct) is { } found ? OfOrigin(found, headers.Origin.ToString())
                : (null, "The API key is not known, has expired or was revoked.");
        }

        if (!book.IsOpen && (key.Length > 0 || headers.Authorization.Count > 0))
        {
            return (null, "What was sent as a key is neither an API key nor the access token; it goes behind Authorization: Bearer, or into x-api-key.");
        }

        if (http.Request.Cookies[CookieName] is { Length: > 0 } cookie)
        {
            if (token.IsCookie(cookie))
            {
                return (Caller.Token, "");
            }

            if (await book.OfSessionAsync(cookie, ct) is { } person)
            {
                return (person, "");
            }
        }

        return book.IsOpen ? (Caller.Open, "")
            : (null, $"This needs an API key{(token.IsRequired ? " or the access token" : "")}, as Authorization: Bearer or {KeyHeader}, or signing in.");
    }

    /// <summary>Whether a request shows a key of its own accord, which no browser adds as it does a cookie.</summary>
    public static bool HasKey(HttpRequest request) => request.Headers.Authorization.Count > 0 || request.Headers.ContainsKey(KeyHeader)
        || request.Query[KeyParameter].ToString().StartsWith(Secret.BrowserPrefix, StringComparison.Ordinal);

    private static (Caller? Caller, string Refusal) OfOrigin(Caller found, string origin) =>
        found.Origins is null || found.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase) ? (found, "")
            : (null, "This key is for pages of other origins.");

    /// <summary>Whether who called may still do something: what takes long to come in, or goes on for long, asks again.</summary>
    public async ValueTask<bool> StillMayAsync(HttpContext http, Permission any, CancellationToken ct) =>
        (await FindAsync(http, ct)).Caller is { } caller && (caller.May & any) != Permission.None;
}
