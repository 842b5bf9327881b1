namespace Bayou.Database;

/// <summary>
/// What a connection is for. Each purpose has connections of its own: whoever reads a lot must not keep out what makes batches durable, nor have
/// health say that the database is away. A service asks for another than <see cref="Work"/> by <c>[FromKeyedServices]</c>.
/// </summary>
public enum DatabasePool
{
    /// <summary>Ingest, grains, migrations, heartbeats: half of <c>Bayou:Database:MaxConnections</c>.</summary>
    Work,

    /// <summary>What users and programs ask for.</summary>
    Reads,

    /// <summary>Who calls, where that is not known yet: whoever makes up secrets must not keep anything else waiting.</summary>
    Access,

    /// <summary>Handing jobs out, and what became of them; what jobs themselves do is <see cref="Work"/>. Of silos alone.</summary>
    Jobs,

    /// <summary>Whether the database answers.</summary>
    Health,
}
