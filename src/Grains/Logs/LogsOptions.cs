using System.ComponentModel.DataAnnotations;

namespace Bayou.Logs;

public sealed class LogsOptions
{
    public const string Section = "Bayou:Logs";

    /// <summary>Days that lines of level info and above are kept; older ones are rejected.</summary>
    [Range(1, 3_650)]
    public int RetentionDays { get; set; } = 30;

    /// <summary>Days that lines of level trace and debug are kept.</summary>
    [Range(1, 3_650)]
    public int DebugRetentionDays { get; set; } = 3;

    /// <summary>Lines of a sealed segment. Searches read those that are not sealed yet line by line.</summary>
    [Range(1_000, 10_000_000)]
    public int SegmentLines { get; set; } = 100_000;

    /// <summary>Seconds from a segment's closing to its sealing, so that a burst has the processor to itself.</summary>
    [Range(0, 3_600)]
    public int SealAfterSeconds { get; set; } = 10;

    /// <summary>Patterns of a project that are kept apart; lines of further ones have the pattern <c>&lt;*&gt;</c>.</summary>
    [Range(100, 200_000)]
    public int MaxPatterns { get; set; } = LocalPatterns.Most;

    /// <summary>Whether what looks like a secret, or stands behind the name of one, is taken out of lines before they are stored.</summary>
    public bool Redact { get; set; } = true;

    public TimeSpan Retention(string name) => TimeSpan.FromDays(name == LogSegments.Short ? DebugRetentionDays : RetentionDays);
}
