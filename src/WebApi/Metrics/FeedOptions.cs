using System.ComponentModel.DataAnnotations;

namespace Bayou.Metrics;

public sealed class FeedOptions
{
    public const string Section = "Bayou:Feed";

    /// <summary>Bytes of the newest windows that are kept in memory for pollers and streams; who is further behind is answered from the database.</summary>
    [Range(10_000, 10_000_000_000)]
    public long MaxBytes { get; set; } = 32_000_000;
}
