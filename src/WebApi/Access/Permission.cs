namespace Bayou.Access;

/// <summary>What a caller may do.</summary>
[Flags]
internal enum Permission
{
    None = 0,

    /// <summary>Send observations and lines.</summary>
    Ingest = 1,

    /// <summary>See what a project has.</summary>
    Read = 2,

    /// <summary>Change what a project has: mark deploys.</summary>
    Write = 4,

    /// <summary>Manage a project's people and keys, and read the audit log.</summary>
    Admin = 8,

    /// <summary>Manage owners.</summary>
    Owner = 16,

    /// <summary>Send observations and lines from pages of certain origins, by a key that everybody can read there.</summary>
    IngestFromBrowser = 64,

    /// <summary>Manage one's own sessions and password: has signed in as a person.</summary>
    Person = 32,
}

/// <summary>What roles and scopes allow.</summary>
internal static class Permissions
{
    public const string Viewer = "viewer", Editor = "editor", Administrator = "admin", OwnerRole = "owner";

    /// <summary>All that is not about oneself.</summary>
    public const Permission All = Permission.Ingest | Permission.IngestFromBrowser | Permission.Read | Permission.Write | Permission.Admin | Permission.Owner;

    /// <summary>Roles that are held in a project, the least first.</summary>
    public static IReadOnlyList<string> Roles { get; } = [Viewer, Editor, Administrator];

    public const string Browser = "ingest:browser";

    public static IReadOnlyList<string> Scopes { get; } = ["ingest", "ingest:browser", "read", "write", "admin"];

    /// <param name="role">Null for none.</param>
    public static Permission OfRole(string? role) => Permission.Person | role switch
    {
        Viewer => Permission.Read,
        Editor => Permission.Read | Permission.Write,
        Administrator => All & ~Permission.Owner,
        OwnerRole => All,
        _ => Permission.None,
    };

    public static Permission OfScopes(IEnumerable<string> scopes) => scopes.Aggregate(Permission.None, (all, scope) => all | scope switch
    {
        "ingest" => Permission.Ingest,
        Browser => Permission.IngestFromBrowser,
        "read" => Permission.Read,
        "write" => Permission.Write,
        "admin" => Permission.Admin,
        _ => Permission.None,
    });

    /// <summary>Says what an address needs, any one of these.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder route, Permission any)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new NeededPermission(any));

    /// <summary>Lets anybody call an address, whoever they are.</summary>
    public static TBuilder IsOpen<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new OpenRoute(IsForAnybody: true));

    /// <summary>Lets anybody call an address, which looks for itself who they are.</summary>
    public static TBuilder IsDoor<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new OpenRoute(IsForAnybody: false));

    /// <summary>Whether somebody may all that a role may.</summary>
    public static bool CoversRole(this Permission may, string? role) => (OfRole(role) & ~Permission.Person & ~may) == Permission.None;
}

/// <summary>What an address needs: any one of these permissions.</summary>
internal sealed record NeededPermission(Permission Any);

/// <summary>Marks a route that anybody may call.</summary>
/// <param name="IsForAnybody">It answers all alike.</param>
internal sealed record OpenRoute(bool IsForAnybody);
