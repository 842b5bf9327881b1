namespace Bayou;

internal static class ClusterMember
{
    /// <summary>What makes it a web node: no silo in it.</summary>
    public static Dictionary<string, string> OfWeb { get; } = new() { ["Bayou__Roles"] = "ingest,query,ui" };

    /// <summary>Environment variables with which a process of this machine joins a cluster.</summary>
    /// <param name="name">Its own on the Cluster page.</param>
    public static Dictionary<string, string> Settings(string name) => new()
    {
        ["Bayou__Cluster__Mode"] = "postgres",
        ["Bayou__Cluster__Node"] = name,
        ["Bayou__Cluster__AdvertisedAddress"] = "127.0.0.1",
        ["Bayou__Cluster__SiloPort"] = "0",
        ["Bayou__Cluster__GatewayPort"] = "0",
    };
}
