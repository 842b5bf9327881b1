using System.Globalization;

namespace Bayou.Access;

/// <summary>How a caller is known: not at all, where nobody need be; by <c>BAYOU_TOKEN</c>; by an API key; by a session.</summary>
internal enum CallerKind { Open, Token, Key, Person }

/// <summary>Who calls, and about which project.</summary>
/// <param name="Id">Of the person or key; 0 for others.</param>
/// <param name="Role">Of a person, in the project; null for others, and for a person with none.</param>
/// <param name="Project">That the call is about; null where the caller has none.</param>
/// <param name="Roles">Of a person who is no owner, by project; null for others.</param>
/// <param name="Session">The session's id; 0 for none.</param>
/// <param name="Maker">Of a key, the person who made it, or the key that it was made by; null where nobody had signed in.</param>
/// <param name="Origins">Of a key for browsers, the origins whose pages may use it; null for others.</param>
internal sealed record Caller(CallerKind Kind, int Id, string Name, string? Role, Permission May, int? Project = Projects.Project.Default, long Session = 0,
    int? Maker = null, IReadOnlyList<string>? Origins = null, IReadOnlyDictionary<int, string>? Roles = null)
{
    public static Caller Open { get; } = new(CallerKind.Open, 0, "anybody on this machine", null, Permissions.All);

    public static Caller Token { get; } = new(CallerKind.Token, 0, AccessToken.Key, null, Permissions.All);

    /// <summary>A person of whom no more is known yet than who they are.</summary>
    public static Caller OfPerson(int id, string name) => new(CallerKind.Person, id, name, null, Permission.Person, Project: null);

    /// <summary>Whether the caller may do all that an admin may, in every project.</summary>
    public bool IsOwner => May.HasFlag(Permission.Owner);

    /// <summary>The same caller about another project.</summary>
    /// <returns>Null where it is none of theirs.</returns>
    public Caller? In(int project) => project == Project || IsOwner ? this with { Project = project }
        : Roles?.GetValueOrDefault(project) is { } role ? this with { Project = project, Role = role, May = Permissions.OfRole(role) }
        : null;

    /// <summary>Whether the caller manages a project's people and keys.</summary>
    public bool IsAdminOf(int project) => In(project)?.May.HasFlag(Permission.Admin) == true;

    /// <summary>As the audit log names it.</summary>
    public string Actor => Id == 0 ? Kind.ToString().ToLowerInvariant()
        : string.Create(CultureInfo.InvariantCulture, $"{Kind.ToString().ToLowerInvariant()}:{Id}");

    /// <summary>The person's id; null for others.</summary>
    public int? Person => Kind == CallerKind.Person ? Id : null;

    /// <summary>Who answers for what is done: the person, or whoever made the key.</summary>
    public int? Responsible => Person ?? Maker;
}

internal static class CallerExtensions
{
    /// <summary>Who calls, where the gate has let them through; null on an open address that nobody known calls.</summary>
    public static Caller? Caller(this HttpContext http) => http.Features.Get<Caller>();
}
