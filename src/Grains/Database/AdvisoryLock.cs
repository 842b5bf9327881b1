using System.Globalization;
using Npgsql;

namespace Bayou.Database;

/// <summary>A lock of a name, on every node, held until the transaction ends.</summary>
/// <param name="Name">Within this product.</param>
internal sealed record AdvisoryLock(string Name)
{
    /// <summary>The number that PostgreSQL knows the lock of a project by, in SQL.</summary>
    public string Key(int project = 0) => string.Create(CultureInfo.InvariantCulture, $"hashtextextended('bayou.{Name}', {project})");

    /// <summary>The statement that takes it: one of its own, as the next one's snapshot must begin after it is held.</summary>
    public string Sql(int project = 0) => $"SELECT pg_advisory_xact_lock({Key(project)})";

    /// <summary>Takes it, within the transaction that the connection is in.</summary>
    public async Task AcquireAsync(NpgsqlConnection connection, CancellationToken ct, int project = 0)
    {
        await using var take = new NpgsqlCommand(Sql(project), connection);
        await take.ExecuteNonQueryAsync(ct);
    }
}
