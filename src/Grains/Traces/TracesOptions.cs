using System.ComponentModel.DataAnnotations;

namespace Bayou.Traces;

public sealed class TracesOptions
{
    public const string Section = "Bayou:Traces";

    /// <summary>Days that spans are kept; older ones are rejected.</summary>
    [Range(1, 3_650)]
    public int RetentionDays { get; set; } = 7;

    /// <summary>Of disk, in MB, that a project's spans may take: past it the oldest go before their time.</summary>
    [Range(10, 100_000_000)]
    public int MaxMegabytes { get; set; } = 20_000;

    /// <summary>Spans of a sealed segment. What is looked for among those that are not sealed yet is read one by one.</summary>
    [Range(1_000, 5_000_000)]
    public int SegmentSpans { get; set; } = 250_000;

    /// <summary>
    /// Spans a minute, of a project, that are kept whatever they are. Past it traces with an error, and such that are slow for their route, are kept, and of
    /// the others as many as there is room for, each route as many as another. 0 keeps all.
    /// </summary>
    [Range(0, 100_000_000)]
    public int SpansPerMinute { get; set; } = 100_000;

    /// <summary>Seconds from a segment's closing to its sealing, so that a burst has the processor to itself.</summary>
    [Range(0, 3_600)]
    public int SealAfterSeconds { get; set; } = 10;

    /// <summary>Whether secrets are taken out of attributes, events and messages before they are stored.</summary>
    public bool Redact { get; set; } = true;

    public TimeSpan Retention => TimeSpan.FromDays(RetentionDays);
}
