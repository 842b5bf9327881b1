namespace Bayou.Cluster;

/// <summary>What a process does in its cluster.</summary>
[Flags]
public enum NodeRoles
{
    None = 0,

    /// <summary>Hosts grains.</summary>
    Silo = 1,

    /// <summary>Takes in what senders bring.</summary>
    Ingest = 2,

    /// <summary>Answers what is asked of it.</summary>
    Query = 4,

    /// <summary>Serves the page.</summary>
    Ui = 8,
}

/// <summary>A process among those on the same database.</summary>
/// <param name="Id">Of this life.</param>
/// <param name="Name">The same over its lives, where it was given one.</param>
public sealed record NodeIdentity(Guid Id, string Name, NodeRoles Roles);
