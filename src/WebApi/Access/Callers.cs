using System.Globalization;
using Bayou.Projects;

namespace Bayou.Access;

/// <summary>Finds out who calls, and about which project, by what a request has with it.</summary>
internal sealed class Callers(AccessToken token, AccessBook book, AccessJwt jwt, TimeProvider time)
{
    public const string CookieName = "bayou_session";
    public const string KeyHeader = "x-api-key";

    /// <summary>Where beacons show a key for browsers: they send no headers.</summary>
    public const string KeyParameter = "key";

    /// <summary>
    /// By which a project is chosen, by its id or name, percent-encoded where it is not of ASCII; the parameter <see cref="ProjectParameter"/> comes first.
    /// </summary>
    public const string ProjectHeader = "x-bayou-project";

    public const string ProjectParameter = "project";

    private const string Bearer = "Bearer ";

    /// <returns>Null for nobody who is known, or who knows no such project.</returns>
    public async ValueTask<FoundCaller> FindAsync(HttpContext http, CancellationToken ct)
    {
        var (caller, refusal) = await WhoAsync(http, ct);
        if (caller is null)
        {
            return new(null, refusal);
        }

        var found = Placed(http, caller);
        if (!found.IsOtherProject || !caller.IsOwner)
        {
            return found;
        }

        await book.ChangedAsync(ct); // Another node may have made it just now.
        return Placed(http, caller);
    }

    /// <summary>Has a caller be about the project that is named: in the address, in its query, or in a header.</summary>
    public FoundCaller Placed(HttpContext http, Caller caller)
    {
        var named = http.GetRouteValue(ProjectParameter) is { } place ? Convert.ToString(place, CultureInfo.InvariantCulture)
            : http.Request.Query.TryGetValue(ProjectParameter, out var parameter) ? parameter.ToString()
            : http.Request.Headers.TryGetValue(ProjectHeader, out var header) ? Uri.UnescapeDataString(header.ToString()) : null;
        return named is null ? new(Unplaced(caller))
            : book.Projects.Find(named) is { } project && caller.In(project) is { } placed ? new(placed)
            : new(Unplaced(caller), IsOtherProject: true);
    }

    /// <summary>A person who names no project means the first that is theirs.</summary>
    private Caller Unplaced(Caller caller) => caller.Project is not null ? caller
        : caller.Roles!.Keys.Where(id => book.Projects.Of(id) is not null).Order().Cast<int?>().FirstOrDefault() is { } first ? caller.In(first)! : caller;

    private async ValueTask<(Caller? Caller, string Refusal)> WhoAsync(HttpContext http, CancellationToken ct)
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

        if (AccessJwt.Looks(key))
        {
            return await jwt.SessionAsync(key, ct) is { } session && await book.OfSessionAsync(session, ct) is { } signed ? (signed, "")
                : (null, "The access token was not made here, has expired, or its session has ended; POST /auth/refresh gives the next one.");
        }

        if (!book.IsOpen && (key.Length > 0 || headers.Authorization.Count > 0))
        {
            return (null, "What was sent as a key is neither an API key nor the access token; it goes behind Authorization: Bearer, or into x-api-key.");
        }

        if (http.Request.Cookies[CookieName] is { Length: > 0 } cookie)
        {
            if (token.IsCookie(cookie, time.GetUtcNow()))
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

    /// <summary>
    /// Whether who called may still do something in the project that the gate found: what takes long to come in, or goes on for long, asks again, and goes
    /// on as what the caller is by now.
    /// </summary>
    public async ValueTask<bool> StillMayAsync(HttpContext http, Permission any, CancellationToken ct)
    {
        var project = http.Project();
        if (book.Projects.Of(project) is null)
        {
            await book.ChangedAsync(ct); // Another node may have made it just now.
        }

        if ((await WhoAsync(http, ct)).Caller is not { } who || book.Projects.Of(project) is null || who.In(project) is not { } caller
            || (caller.May & any) == Permission.None)
        {
            return false;
        }

        http.Features.Set(caller);
        return true;
    }
}

/// <summary>Who was found to call.</summary>
/// <param name="Caller">Null for nobody who is known.</param>
/// <param name="Refusal">Why it is nobody.</param>
/// <param name="IsOtherProject">The project that was named is not there, or none of theirs: which, they are not told.</param>
internal readonly record struct FoundCaller(Caller? Caller, string Refusal = "", bool IsOtherProject = false);
