namespace Bayou.Projects;

/// <summary>Lets go what deleted projects had, by a reminder; one per cluster, key <see cref="Key"/>.</summary>
[Alias("projects.keeper")]
public interface IProjectKeeperGrain : IGrainWithStringKey
{
    const string Key = "projects";

    /// <summary>Registers the reminder: a run in a minute, then one each hour.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>Empties projects that were deleted 30 days ago or earlier. Repeating is harmless.</summary>
    /// <returns>How many were emptied.</returns>
    [Alias("run")]
    Task<int> RunAsync(CancellationToken ct);
}
