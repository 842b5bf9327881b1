using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Sso;
using Microsoft.Extensions.Options;

namespace Bayou.Access;

/// <summary>Who one is here.</summary>
/// <param name="Kind">Null for nobody who is known.</param>
/// <param name="Role">Of a person, in the project; <c>owner</c> for an admin of all.</param>
/// <param name="May">What the caller may do there.</param>
/// <param name="Project">That is meant, where another one is not named or not theirs; null for nobody who has one.</param>
/// <param name="HasPeople">Somebody can sign in with e-mail and password.</param>
/// <param name="HasToken">The server was started with an access token.</param>
/// <param name="Sso">What the provider of single sign-on is called; null where there is none.</param>
internal record Me(
    CallerKind? Kind, int? Id, string? Name, string? Role, IReadOnlyList<string> May, MyProject? Project, bool HasPeople, bool HasToken, string? Sso);

/// <summary>Who has signed in. A page has its cookie; what is no page also gets tokens.</summary>
internal sealed record SignedIn : Me
{
    public SignedIn(Me me, Tokens? tokens)
        : base(me) =>
        (AccessToken, TokenType, ExpiresIn, RefreshToken) = (tokens?.AccessToken, tokens?.TokenType, tokens?.ExpiresIn, tokens?.RefreshToken);

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AccessToken { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TokenType { get; }

    /// <summary>Seconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExpiresIn { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RefreshToken { get; }
}

/// <summary>The project that one is in.</summary>
internal sealed record MyProject(int Id, string Name);

/// <summary>Tells callers who they are.</summary>
internal sealed class WhoAmI(Callers callers, AccessToken token, AccessBook book, RefreshTokens tokens, IOptions<SsoOptions> sso)
{
    /// <param name="caller">Null for nobody who is known.</param>
    public Me Of(Caller? caller) => new(
        caller?.Kind, caller?.Person, caller?.Name, caller?.Role,
        [.. Enum.GetValues<Permission>().Where(one => one != Permission.None && caller?.May.HasFlag(one) == true)
            .Select(one => one == Permission.IngestFromBrowser ? Permissions.Browser : one.ToString().ToLowerInvariant())],
        caller?.Project is { } id && book.Projects.Of(id) is { } project ? new(id, project.Name) : null, book.HasPeople, token.IsRequired,
        sso.Value.IsOn ? sso.Value.Name : null);

    /// <summary>Gives whoever has just begun a session what they go on with.</summary>
    public async Task<ApiResult<SignedIn>> SignedInAsync(HttpContext http, NewSession session, CancellationToken ct)
    {
        SessionCookie.Set(http, session.Cookie);
        var me = Of(await book.OfSessionAsync(session.Cookie, ct) is { } caller ? callers.Placed(http, caller).Caller : null);
        return new(new(me, IsPage(http.Request) ? null : await tokens.FirstAsync(session.Person, session.Id, ct)));
    }

    /// <summary>
    /// Browsers say of each request which page it is of, and no script can keep them from it: what a page's scripts could read, they never get.
    /// </summary>
    private static bool IsPage(HttpRequest request) => request.Headers.ContainsKey("Sec-Fetch-Site") || request.Headers.Origin.Count > 0;
}
