using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Bayou.Outgoing;

public sealed class OutgoingOptions
{
    public const string Section = "Bayou:Outgoing";

    /// <summary>Longer answers are cut.</summary>
    [Range(1_024, 64 * 1024 * 1024)]
    public int MaxAnswerBytes { get; set; } = 64 * 1024;

    /// <summary>Whether targets on this machine may be called: null where Bayou itself serves this machine alone.</summary>
    public bool? AllowLoopback { get; set; }

    /// <summary>Whether all addresses that a program serves at are this machine's own.</summary>
    /// <param name="urls">As ASP.NET Core's <c>urls</c> has them.</param>
    public static bool AreLoopback(string? urls) => (urls ?? "http://localhost:5000")
        .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .All(url => Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Host == "localhost"
            || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && NetworkAddress.ReachOf(ip) == AddressReach.Loopback)));
}
