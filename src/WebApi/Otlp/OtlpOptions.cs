using System.Net;
using Bayou.Hosting;

namespace Bayou.Otlp;

public sealed class OtlpOptions
{
    public const string Section = "Bayou:Otlp";

    /// <summary>Where OTLP/gRPC is taken. 0 for nowhere.</summary>
    public int GrpcPort { get; set; } = 4317;

    /// <summary>Where OTLP/HTTP is taken, beside the main port. 0 for nowhere else.</summary>
    public int HttpPort { get; set; } = 4318;

    /// <summary>The IP address of both. Beyond loopback whoever sends needs a key, as everywhere.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <exception cref="CannotStartException">A setting cannot be used; its message names the key.</exception>
    public static OtlpOptions Of(IConfiguration configuration)
    {
        var options = configuration.GetSection(Section).Get<OtlpOptions>() ?? new();
        foreach (var (key, port) in ((string, int)[])[(nameof(GrpcPort), options.GrpcPort), (nameof(HttpPort), options.HttpPort)])
        {
            if (port is < 0 or > 65_535)
            {
                throw new CannotStartException($"{Section}:{key} must be a port number, or 0 for none.");
            }
        }

        return IPAddress.TryParse(options.Address, out _) ? options
            : throw new CannotStartException($"{Section}:{nameof(Address)} must be an IP address.");
    }
}
