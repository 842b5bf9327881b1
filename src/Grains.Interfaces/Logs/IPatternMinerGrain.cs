namespace Bayou.Logs;

/// <summary>Finds out which of a project's log patterns are one and the same, and which nobody needs; the key is the project's id.</summary>
[Alias("logs.miner")]
public interface IPatternMinerGrain : IGrainWithStringKey
{
    /// <summary>Looks at the patterns that were discovered since, and merges those that are the same. Repeating is harmless.</summary>
    /// <returns>How many patterns changed.</returns>
    [Alias("mine")]
    Task<int> MineAsync(CancellationToken ct);

    /// <summary>
    /// Lets patterns go that no kept line has, and where there are too many, those of the fewest lines; at most once a minute. Repeating is harmless.
    /// </summary>
    /// <returns>How many went.</returns>
    [Alias("make-room")]
    Task<int> MakeRoomAsync(CancellationToken ct);
}
