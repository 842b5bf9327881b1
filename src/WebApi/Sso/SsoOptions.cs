using System.ComponentModel.DataAnnotations;
using Bayou.Access;
using Bayou.Projects;

namespace Bayou.Sso;

/// <summary>Signing in by an OpenID Connect provider. Three settings turn it on; the others say who comes in, and as what.</summary>
internal sealed class SsoOptions : IValidatableObject
{
    public const string Section = "Bayou:Sso";

    public const string AuthorityKey = "BAYOU_OIDC_AUTHORITY";
    public const string ClientIdKey = "BAYOU_OIDC_CLIENT_ID";
    public const string ClientSecretKey = "BAYOU_OIDC_CLIENT_SECRET";

    /// <summary>The provider's address, as it says itself.</summary>
    public string Authority { get; set; } = "";

    public string ClientId { get; set; } = "";

    public string ClientSecret { get; set; } = "";

    /// <summary>What the page calls the provider.</summary>
    public string Name { get; set; } = "single sign-on";

    /// <summary>Those of the e-mails that may come in, separated by commas; all unless told.</summary>
    public string Domains { get; set; } = "";

    /// <summary>The role of somebody who comes for the first time; unless told, only who was invited comes in.</summary>
    public string SignUpRole { get; set; } = "";

    /// <summary>The claim whose values <see cref="Roles"/> maps; a person's role then is what it says, at each signing in.</summary>
    public string RoleClaim { get; set; } = "";

    /// <summary>The role of each value of that claim; of several the highest.</summary>
    public Dictionary<string, string> Roles { get; } = [];

    /// <summary>In which those roles are.</summary>
    public int Project { get; set; } = Projects.Project.Default;

    /// <summary>Takes e-mails of which the provider does not say that it has verified them. Who can choose any there, can be anybody here.</summary>
    public bool TrustEmail { get; set; }

    public bool IsOn => Authority.Length > 0;

    public IEnumerable<string> AllowedDomains => Domains.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Authority.Length + ClientId.Length + ClientSecret.Length > 0 && (Authority.Length == 0 || ClientId.Length == 0 || ClientSecret.Length == 0))
        {
            yield return new($"{AuthorityKey}, {ClientIdKey} and {ClientSecretKey} must be set together.");
        }

        if (IsOn && (!Uri.TryCreate(Authority, UriKind.Absolute, out var uri) || !(uri.Scheme == "https" || (uri.Scheme == "http" && uri.IsLoopback))))
        {
            yield return new($"{AuthorityKey} must be an address of https, as https://accounts.example.");
        }

        foreach (var role in Roles.Values.Append(SignUpRole).Where(role => role.Length > 0 && !Permissions.Roles.Contains(role)))
        {
            yield return new($"{Section} has the role {role}; there are {string.Join(", ", Permissions.Roles)}.");
        }

        if (RoleClaim.Length > 0 != Roles.Count > 0)
        {
            yield return new($"{Section}:{nameof(RoleClaim)} and {Section}:{nameof(Roles)} go together.");
        }
    }
}
