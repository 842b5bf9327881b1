using System.ComponentModel.DataAnnotations;

namespace Bayou.Points;

public sealed class PointsOptions
{
    public const string Section = "Bayou:Points";

    /// <summary>Days that points are kept; older ones are rejected.</summary>
    [Range(1, 400)]
    public int RetentionDays { get; set; } = 14;

    /// <summary>Series of a project; points of further ones are rejected.</summary>
    [Range(1, 1_000_000)]
    public int MaxSeries { get; set; } = 10_000;
}
