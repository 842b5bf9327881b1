namespace Bayou.Metrics;

/// <summary>Gathers one series in one 60-second window; the key is a <see cref="WindowKey"/> as text.</summary>
[Alias("metrics.window")]
public interface IEndpointWindowGrain : IGrainWithStringKey
{
    /// <summary>
    /// Merges journaled figures exactly once. Returns how far the window now holds this epoch: <c>Last</c> or
    /// more when all is in, less when something before is missing and nothing was merged (the caller sends all
    /// after it), <see cref="WindowDelta.Discarded"/> when this activation has lost its row to another.
    /// </summary>
    [Alias("apply")]
    Task<long> ApplyAsync(WindowDelta delta, CancellationToken ct);
}

/// <summary>Figures of consecutive journal rows of one ingest node for one window.</summary>
/// <param name="Epoch">The ingest node's life; never reused.</param>
/// <param name="Previous">The epoch's highest earlier seq for this window that is not known to be durable, else 0.</param>
/// <param name="First">The lowest seq in here.</param>
/// <param name="Last">The highest seq in here.</param>
/// <param name="Figures">See <see cref="WindowFigures.Write"/>; never changed after sending.</param>
[GenerateSerializer, Immutable, Alias("metrics.delta")]
public sealed record WindowDelta(
    [property: Id(0)] long Epoch,
    [property: Id(1)] long Previous,
    [property: Id(2)] long First,
    [property: Id(3)] long Last,
    [property: Id(4)] byte[] Figures)
{
    /// <summary>The answer of an activation whose state is void; the next call finds a fresh one.</summary>
    public const long Discarded = -1;
}
