namespace Bayou.Access;

/// <summary>Who one is here.</summary>
/// <param name="Kind">Null for nobody who is known.</param>
/// <param name="Role">Of a person, in the project; <c>owner</c> for an admin of all.</param>
/// <param name="May">What the caller may do there.</param>
/// <param name="Project">That is meant, where another one is not named or not theirs; null for nobody who has one.</param>
/// <param name="HasPeople">Somebody can sign in with e-mail and password.</param>
/// <param name="HasToken">The server was started with an access token.</param>
internal sealed record Me(
    CallerKind? Kind, int? Id, string? Name, string? Role, IReadOnlyList<string> May, MyProject? Project, bool HasPeople, bool HasToken);

/// <summary>The project that one is in.</summary>
internal sealed record MyProject(int Id, string Name);

/// <summary>Tells callers who they are.</summary>
internal sealed class WhoAmI(Callers callers, AccessToken token, AccessBook book)
{
    /// <param name="caller">Null for nobody who is known.</param>
    public Me Of(Caller? caller) => new(
        caller?.Kind, caller?.Person, caller?.Name, caller?.Role,
        [.. Enum.GetValues<Permission>().Where(one => one != Permission.None && caller?.May.HasFlag(one) == true)
            .Select(one => one == Permission.IngestFromBrowser ? Permissions.Browser : one.ToString().ToLowerInvariant())],
        caller?.Project is { } id && book.Projects.Of(id) is { } project ? new(id, project.Name) : null, book.HasPeople, token.IsRequired);

    /// <summary>Whoever has just begun a session.</summary>
    public async Task<Me> OfSessionAsync(HttpContext http, string cookie, CancellationToken ct) =>
        Of(await book.OfSessionAsync(cookie, ct) is { } caller ? callers.Placed(http, caller).Caller : null);
}
