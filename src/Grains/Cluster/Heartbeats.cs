namespace Bayou.Cluster;

/// <summary>How often a process says that it is there, and when it is taken for silent.</summary>
internal static class Heartbeats
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Two missed ones, and a little.</summary>
    public static readonly TimeSpan Silence = (2 * Period) + TimeSpan.FromSeconds(1);
}
