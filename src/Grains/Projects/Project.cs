namespace Bayou.Projects;

/// <summary>What keeps one team's data apart from another's.</summary>
internal static class Project
{
    /// <summary>The only one, until projects can be made.</summary>
    public const int Default = 1;
}
