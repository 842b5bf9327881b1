using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Bayou.Monitor;

/// <summary>What is sent to Bayou, where, and how much may wait. Configuration section <c>Bayou</c>, or the argument of <c>AddBayou</c>.</summary>
public sealed class BayouOptions
{
    /// <summary>The configuration section these are read from.</summary>
    public const string Section = "Bayou";

    /// <summary>Whether requests are recorded at all; turn it off where there is no Bayou, as in tests.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Where Bayou is.</summary>
    public Uri Url { get; set; } = new("http://localhost:5080");

    /// <summary>The name this API has in Bayou; the application's name unless told.</summary>
    public string Service { get; set; } = "";

    /// <summary>
    /// The version this process reports; when a service's version changes, Bayou marks a deploy. The entry assembly's
    /// informational version unless told (its commit cut to seven characters); an empty string reports none.
    /// </summary>
    public string? Version { get; set; }

    /// <summary>Sent as a bearer token, where your Bayou asks for one.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Requests that may wait to be sent; past it the oldest are dropped, and counted.</summary>
    public int QueueSize { get; set; } = 20_000;

    /// <summary>Requests sent at once, at most.</summary>
    public int BatchSize { get; set; } = 500;

    /// <summary>How long a request waits for others before it is sent.</summary>
    public TimeSpan BatchInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the application's end may be held up to send what is still waiting.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Request headers that may hold the caller's two-letter country, set by whatever is in front; the first that does counts.</summary>
    public IList<string> CountryHeaders { get; } =
        ["CF-IPCountry", "CloudFront-Viewer-Country", "X-Vercel-IP-Country", "X-AppEngine-Country", "Fly-Country", "X-Geo-Country", "X-Country-Code"];

    /// <summary>
    /// Whether the caller's address is sent where no header has the country: Bayou looks up where it is, and does not keep it unless told. Behind a proxy it
    /// is that of <c>UseForwardedHeaders</c>.
    /// </summary>
    public bool SendClientAddress { get; set; } = true;

    /// <summary>Which requests are recorded, asked when they have finished; all unless told.</summary>
    public Func<HttpContext, bool>? ShouldRecord { get; set; }

    /// <summary>Which requests are captured whole; none unless told.</summary>
    public CaptureOptions Capture { get; } = new();

    /// <summary>How Bayou is reached, where neither a plain connection nor the system's proxy will do.</summary>
    public HttpMessageHandler? Handler { get; set; }
}

/// <summary>Says everything that is wrong with the options, by key, before the application starts.</summary>
internal sealed class BayouOptionsValidator : IValidateOptions<BayouOptions>
{
    private const int MaxServiceBytes = 400;
    private const int MaxVersionBytes = 100;

    public ValidateOptionsResult Validate(string? name, BayouOptions options)
    {
        var wrong = new List<string>();
        Check(options.Url is { IsAbsoluteUri: true, Scheme: "http" or "https" }, nameof(options.Url), "must be an absolute http or https address");
        Check(IsText(options.Service, MaxServiceBytes) && !string.IsNullOrWhiteSpace(options.Service), nameof(options.Service),
            $"must be 1 to {MaxServiceBytes} bytes without control characters");
        Check(IsText(options.Version ?? "", MaxVersionBytes), nameof(options.Version), $"must be at most {MaxVersionBytes} bytes without control characters");
        Check((options.ApiKey ?? "").All(c => c is > ' ' and <= '~'), nameof(options.ApiKey), "must be printable ASCII without blanks");
        Check(options.QueueSize is >= 100 and <= 10_000_000, nameof(options.QueueSize), "must be from 100 to 10000000");
        Check(options.BatchSize is >= 1 and <= 10_000 && options.BatchSize <= options.QueueSize, nameof(options.BatchSize),
            "must be from 1 to 10000, and at most QueueSize");
        Check(options.BatchInterval >= TimeSpan.FromMilliseconds(10) && options.BatchInterval <= TimeSpan.FromMinutes(1), nameof(options.BatchInterval),
            "must be from 10 ms to 1 minute");
        Check(options.ShutdownTimeout >= TimeSpan.Zero && options.ShutdownTimeout <= TimeSpan.FromMinutes(5), nameof(options.ShutdownTimeout),
            "must be from 0 to 5 minutes");
        Check(!options.CountryHeaders.Any(string.IsNullOrWhiteSpace), nameof(options.CountryHeaders), "must not have an empty name");
        Check(options.Capture.Share is >= 0 and <= 1, "Capture:Share", "must be from 0 to 1");
        Check(options.Capture.PerSecond is >= 1 and <= 100_000, "Capture:PerSecond", "must be from 1 to 100000");
        Check(options.Capture.MaxBodyBytes is >= 256 and <= 65_536, "Capture:MaxBodyBytes", "must be from 256 to 65536");
        Check(IsText(options.Capture.Stage ?? "", MaxVersionBytes), "Capture:Stage", $"must be at most {MaxVersionBytes} bytes without control characters");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);

        void Check(bool right, string key, string message)
        {
            if (!right)
            {
                wrong.Add($"{BayouOptions.Section}:{key} {message}");
            }
        }
    }

    private static bool IsText(string? text, int longest) =>
        text is not null && System.Text.Encoding.UTF8.GetByteCount(text) <= longest && !text.Any(char.IsControl);
}
