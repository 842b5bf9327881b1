namespace Bayou.Access;

/// <summary>
/// Shares a rate among nodes: of what may be done in a minute each takes some in advance, so that no request waits for a grain. The key names what is
/// limited.
/// </summary>
[Alias("access.rate")]
public interface IRateLeaseGrain : IGrainWithStringKey
{
    /// <summary>Takes a part of a minute's rate. A part whose answer gets lost is lost for that minute.</summary>
    /// <param name="minute">Since 1970.</param>
    /// <param name="done">What was done already beyond what was given.</param>
    /// <param name="wanted">How much more is wanted.</param>
    /// <param name="limit">Of all nodes together, in a minute.</param>
    /// <returns>How much is given, 0 where nothing is left.</returns>
    [Alias("take")]
    Task<int> TakeAsync(long minute, int done, int wanted, int limit, CancellationToken ct);
}
