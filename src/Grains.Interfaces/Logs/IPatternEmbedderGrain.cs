namespace Bayou.Logs;

/// <summary>Gives a project's log patterns the vectors by which they are found by their meaning; the key is the project's id.</summary>
[Alias("logs.embedder")]
public interface IPatternEmbedderGrain : IGrainWithStringKey
{
    /// <summary>Embeds some of those that have none, or that have changed since. Repeating is harmless.</summary>
    /// <returns>Whether others may be left.</returns>
    [Alias("embed")]
    Task<bool> EmbedAsync(CancellationToken ct);
}
