namespace Bayou.Ingest;

/// <summary>What items of several kinds have in common, at most. Lengths are in bytes of UTF-8.</summary>
internal static class ItemLimits
{
    // These two together must fit an index entry of PostgreSQL, a third of a page.
    public const int MaxService = 400;
    public const int MaxVersion = 100;

    public const int MaxTraceId = 128;

    /// <summary>How far a sender's clock may be ahead of this one.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(10);
}
