namespace Bayou.Metrics;

/// <summary>
/// Gathers one series in the windows of one hour that are over for so long that an activation each is not worth its while; the
/// key is a <see cref="BackfillKey"/> as text.
/// </summary>
[Alias("metrics.backfill")]
public interface IBackfillGrain : IGrainWithStringKey
{
    /// <summary>Merges figures into several windows, and returns for each what <see cref="IEndpointWindowGrain.ApplyAsync"/> would.</summary>
    [Alias("apply")]
    Task<long[]> ApplyAsync(BackfillDelta[] deltas, CancellationToken ct);
}

/// <summary>Figures for one window of the hour.</summary>
/// <param name="StartUnix">The window's start, in seconds since the epoch.</param>
[GenerateSerializer, Immutable, Alias("metrics.backfilldelta")]
public sealed record BackfillDelta([property: Id(0)] long StartUnix, [property: Id(1)] WindowDelta Delta);
