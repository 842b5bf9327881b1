using System.ComponentModel.DataAnnotations;

namespace Bayou.Access;

/// <summary>How much a key may do in a minute, over all nodes; 0 for as much as it likes.</summary>
internal sealed class AccessOptions
{
    public const string Section = "Bayou:Access";

    /// <summary>Requests of a key that asks.</summary>
    [Range(0, int.MaxValue)]
    public int RequestsPerMinute { get; set; } = 1_000;

    /// <summary>Requests of a key for browsers, which everybody can read. What other keys send is not limited.</summary>
    [Range(0, int.MaxValue)]
    public int BrowserRequestsPerMinute { get; set; } = 10_000;
}
