using System.ComponentModel.DataAnnotations;

namespace Bayou.Replay;

/// <summary>What is kept of an address.</summary>
public enum KeptAddress
{
    None,

    /// <summary>Its network: the first 24 bits of IPv4, the first 48 of IPv6.</summary>
    Truncated,

    /// <summary>An HMAC of it, by which requests of one address are found, and it is not. Needs a secret key.</summary>
    Hashed,
}

public sealed class ReplayOptions
{
    public const string Section = "Bayou:Replay";

    /// <summary>Days that captured requests are kept; older ones are rejected.</summary>
    [Range(1, 3_650)]
    public int RetentionDays { get; set; } = 7;

    /// <summary>Of disk, in MB, that a project's captured requests may take: past it the oldest go before their time.</summary>
    [Range(10, 100_000_000)]
    public int MaxMegabytes { get; set; } = 10_000;

    /// <summary>Longer bodies are cut.</summary>
    [Range(1_024, 1_048_576)]
    public int MaxBodyBytes { get; set; } = 65_536;

    /// <summary>Captured requests of a sealed segment. Searches read those that are not sealed yet one by one.</summary>
    [Range(1_000, 1_000_000)]
    public int SegmentRows { get; set; } = 50_000;

    /// <summary>Seconds from a segment's closing to its sealing, so that a burst has the processor to itself.</summary>
    [Range(0, 3_600)]
    public int SealAfterSeconds { get; set; } = 10;

    /// <summary>What is kept of the address that a captured request came from. Where that is, is looked up whatever is kept.</summary>
    [EnumDataType(typeof(KeptAddress))]
    public KeptAddress ClientAddress { get; set; }

    public TimeSpan Retention => TimeSpan.FromDays(RetentionDays);
}
