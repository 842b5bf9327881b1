using Bayou.Database;

namespace Bayou.Projects;

/// <summary>What keeps one team's data apart from another's.</summary>
internal static class Project
{
    /// <summary>The one that is there from the start and stays: what names no project, and may choose any, means this.</summary>
    public const int Default = 1;

    /// <summary>One change of projects at a time: none is restored while it is being emptied.</summary>
    public static readonly AdvisoryLock Changes = new("projects");
}
