using Microsoft.AspNetCore.Http;

namespace Bayou.Monitor;

/// <summary>Which requests are captured whole, to be looked at in Bayou and sent again, and what is taken out of them before they leave this process.</summary>
public sealed class CaptureOptions
{
    /// <summary>Whether any are.</summary>
    public bool Enabled { get; set; }

    /// <summary>Of requests that neither fail nor are slow, from 0 to 1. With 1 all are captured, without a limit.</summary>
    public double Share { get; set; } = 0.01;

    /// <summary>Captured in a second, at most: of those that fail, of the slow, and of the rest, each. More may come, and are only counted.</summary>
    public int PerSecond { get; set; } = 10;

    /// <summary>Of a body, and of its answer's; longer ones are cut. Bytes.</summary>
    public int MaxBodyBytes { get; set; } = 16 * 1024;

    /// <summary>Where this process runs; the environment's name unless told.</summary>
    public string? Stage { get; set; }

    /// <summary>Which requests may be captured, asked when they have finished; all unless told.</summary>
    public Func<HttpContext, bool>? Should { get; set; }

    /// <summary>Who sent a request; the name of the signed-in user unless told.</summary>
    public Func<HttpContext, string?> User { get; set; } = static http => http.User.Identity?.Name;

    /// <summary>Names of headers, parameters and fields that are secret here, beside those that are everywhere.</summary>
    public IList<string> RedactNames { get; } = [];

    /// <summary>Fields of JSON that are secret, as <c>customer.email</c>; arrays are passed through.</summary>
    public IList<string> RedactPaths { get; } = [];

    /// <summary>What else is secret: given a name (empty for none) and a value, returns what is left of it, or null for all of it.</summary>
    public Func<string, string, string?>? Redact { get; set; }
}
