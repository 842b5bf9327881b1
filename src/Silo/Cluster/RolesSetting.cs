using Bayou.Hosting;

namespace Bayou.Cluster;

/// <summary>The setting that says what a process does.</summary>
public static class RolesSetting
{
    public const string Key = "Bayou:Roles";

    public const NodeRoles All = NodeRoles.Silo | NodeRoles.Ingest | NodeRoles.Query | NodeRoles.Ui;

    /// <summary>As the page and the table of nodes name them.</summary>
    public static string[] Names(this NodeRoles roles) =>
        [.. Enum.GetValues<NodeRoles>().Where(role => role != NodeRoles.None && roles.HasFlag(role)).Select(role => role.ToString().ToLowerInvariant())];

    /// <exception cref="CannotStartException">It names no role, or an unknown one.</exception>
    public static NodeRoles Of(IConfiguration configuration, NodeRoles unlessTold)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration[Key] is not { Length: > 0 } setting)
        {
            return unlessTold;
        }

        var roles = NodeRoles.None;
        foreach (var name in setting.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            roles |= Enum.GetValues<NodeRoles>()
                .FirstOrDefault(role => role != NodeRoles.None && name.Equals(role.ToString(), StringComparison.OrdinalIgnoreCase)) is var role
                and not NodeRoles.None
                ? role
                : throw new CannotStartException($"{Key} names '{name}'; expected {string.Join(", ", Names(All))}, separated by commas.");
        }

        return roles != NodeRoles.None ? roles
            : throw new CannotStartException($"{Key} names nothing; expected {string.Join(", ", Names(All))}, separated by commas.");
    }
}
