using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Bayou.Hosting;

namespace Bayou.Cluster;

/// <summary>How silos and their clients find one another.</summary>
public enum ClusterMode
{
    /// <summary>They do not: this process has everything.</summary>
    Localhost,

    /// <summary>By the membership table in the database.</summary>
    Postgres,
}

public sealed class ClusterOptions
{
    public const string Section = "Bayou:Cluster";

    /// <summary>The environment variable of ECS with the address of its metadata.</summary>
    private const string EcsMetadata = "ECS_CONTAINER_METADATA_URI_V4";

    public ClusterMode Mode { get; set; }

    /// <summary>Names the silos that find one another; several clusters may share a database only with a schema each.</summary>
    public string ClusterId { get; set; } = "bayou";

    /// <summary>Names what outlives clusters: reminders and grain state.</summary>
    public string ServiceId { get; set; } = "bayou";

    /// <summary>Where silos talk to one another. 0 takes a free one.</summary>
    public int SiloPort { get; set; } = 11_111;

    /// <summary>Where web nodes talk to this silo. 0 takes a free one.</summary>
    public int GatewayPort { get; set; } = 30_000;

    /// <summary>The IP address at which the others reach this silo. Empty: the task's own on ECS, else that of the host's name.</summary>
    public string AdvertisedAddress { get; set; } = "";

    /// <summary>Names this process on the Cluster page. Empty: host name and process id.</summary>
    public string Node { get; set; } = "";

    /// <summary>
    /// Seconds for which a process that was told to end still takes requests while it says at <c>/health/readiness</c> that it is not
    /// ready: the time a load balancer takes to notice.
    /// </summary>
    public double DrainSeconds { get; set; }

    /// <exception cref="CannotStartException">A setting cannot be used; its message names the key.</exception>
    public static ClusterOptions Of(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = configuration.GetSection(Section).Get<ClusterOptions>() ?? new();
        Require(options.ClusterId.Length is > 0 and <= 150, nameof(ClusterId), "must have 1 to 150 characters");
        Require(options.ServiceId.Length is > 0 and <= 150, nameof(ServiceId), "must have 1 to 150 characters");
        Require(options.SiloPort is >= 0 and <= 65_535, nameof(SiloPort), "must be a port number");
        Require(options.GatewayPort is >= 0 and <= 65_535, nameof(GatewayPort), "must be a port number");
        Require(options.AdvertisedAddress.Length == 0 || IPAddress.TryParse(options.AdvertisedAddress, out _), nameof(AdvertisedAddress),
            "must be an IP address");
        Require(options.DrainSeconds is >= 0 and <= 300, nameof(DrainSeconds), "must be 0 to 300");
        return options;
    }

    /// <summary>Where the others reach this process.</summary>
    /// <exception cref="CannotStartException">No address could be found.</exception>
    internal IPAddress Address()
    {
        if (AdvertisedAddress.Length > 0)
        {
            return IPAddress.Parse(AdvertisedAddress);
        }

        if (Environment.GetEnvironmentVariable(EcsMetadata) is { Length: > 0 } metadata)
        {
            return OfEcsTask(new Uri(metadata));
        }

        // Many systems give their own name an address of loopback, at which no other reaches them.
        return Array.Find(Dns.GetHostAddresses(Dns.GetHostName(), AddressFamily.InterNetwork), address => !IPAddress.IsLoopback(address))
            ?? throw new CannotStartException($"This host's name has no IPv4 address that others could reach; set {Section}:{nameof(AdvertisedAddress)}.");
    }

    internal static IPAddress OfEcsTask(Uri metadata)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        using var answer = http.Send(new HttpRequestMessage(HttpMethod.Get, metadata));
        answer.EnsureSuccessStatusCode();
        using var body = answer.Content.ReadAsStream();
        var address = (string?)JsonNode.Parse(body)?["Networks"]?[0]?["IPv4Addresses"]?[0];
        return IPAddress.TryParse(address, out var parsed)
            ? parsed
            : throw new CannotStartException($"The metadata at {EcsMetadata} name no IPv4 address; set {Section}:{nameof(AdvertisedAddress)}.");
    }

    private static void Require(bool holds, string key, string rule)
    {
        if (!holds)
        {
            throw new CannotStartException($"{Section}:{key} {rule}.");
        }
    }
}
