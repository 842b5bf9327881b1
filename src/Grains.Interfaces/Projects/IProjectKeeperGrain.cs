namespace Bayou.Projects;

/// <summary>Lets go what deleted projects had; one per cluster, key <see cref="Key"/>.</summary>
[Alias("projects.keeper")]
public interface IProjectKeeperGrain : IGrainWithStringKey
{
    const string Key = "projects";

    /// <summary>Does nothing but wake it. Silos of before there were schedules call it at their start.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>Empties projects that were deleted 30 days ago or earlier. Repeating is harmless.</summary>
    /// <returns>How many were emptied.</returns>
    [Alias("run")]
    [ResponseTimeout("06:00:00")]
    Task<int> RunAsync(CancellationToken ct);
}
