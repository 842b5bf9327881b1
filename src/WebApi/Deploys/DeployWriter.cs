using Bayou.Database;
using Npgsql;

namespace Bayou.Deploys;

/// <summary>A version of a service that began to run at a time.</summary>
internal sealed record Deploy(string Service, string Version, DateTimeOffset Time);

/// <summary>Writes deploys, each once, however many nodes and callers tell of it.</summary>
internal sealed class DeployWriter(NpgsqlDataSource db)
{
    /// <summary>
    /// What is told twice within this is one deploy, and a version not seen for this long has stopped. Long enough for a
    /// rolling update, during which old and new report side by side.
    /// </summary>
    public static readonly TimeSpan Rolling = TimeSpan.FromMinutes(10);

    /// <summary>One writer at a time, on every node: deploys become visible in the order of their ids, and none is written twice.</summary>
    private static readonly AdvisoryLock FeedLock = new("deploys");

    /// <summary>No service keeps more; the longest unseen go.</summary>
    private const int MaxVersions = 100;

    /// <summary>A deploy somebody tells of.</summary>
    /// <returns>False, with nothing written, when it is known already.</returns>
    public async Task<bool> AddAsync(int project, Deploy deploy, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await FeedLock.AcquireAsync(connection, ct, project);
        var added = await InsertAsync(connection, project, deploy, "sent", ct);
        await transaction.CommitAsync(ct);
        return added;
    }

    /// <summary>
    /// A version that a service's observations report, first and last seen at these times. It is a deploy when the service ran
    /// another one last, and this one is new; or had stopped, and that other one began when it did. (An instance that answers
    /// rarely seems to stop; what runs beside it began long before.)
    /// </summary>
    public async Task SeenAsync(int project, string service, string version, DateTimeOffset first, DateTimeOffset last, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await FeedLock.AcquireAsync(connection, ct, project);
        if (await KnownAsync(connection, project, service, ct) is not { } known)
        {
            return; // One past the limit of services is counted with others, and has no charts to mark.
        }

        var newest = known.Count == 0 ? null : known.MaxBy(pair => pair.Value.Last).Key;
        var isNew = !known.TryGetValue(version, out var seen);
        if (newest is not null && newest != version && (isNew || (first - seen.Last >= Rolling && known[newest].First > seen.Last - Rolling)))
        {
            await InsertAsync(connection, project, new(service, version, first), "reported", ct);
        }

        await KeepAsync(connection, project, service, version, first, last, ct);
        await transaction.CommitAsync(ct);
    }

    private static async Task<bool> InsertAsync(NpgsqlConnection connection, int project, Deploy deploy, string source, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            INSERT INTO deploys (project_id, service, version, time, source)
            SELECT $1, $2, $3, $4, $5
             WHERE NOT EXISTS (SELECT 1 FROM deploys
                                WHERE project_id = $1 AND service = $2 AND version = $3 AND time > $4 - $6 AND time < $4 + $6)
            """, connection);
        command.With(project, deploy.Service, deploy.Version, deploy.Time.UtcDateTime, source, Rolling);
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }

    /// <returns>When each version was first and last seen; null when the service itself is not known.</returns>
    private static async Task<Dictionary<string, (DateTimeOffset First, DateTimeOffset Last)>?> KnownAsync(
        NpgsqlConnection connection, int project, string service, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT v.version, v.first_seen, v.last_seen
              FROM series s
              LEFT JOIN service_versions v USING (project_id, service)
             WHERE s.project_id = $1 AND s.service = $2 AND s.endpoint = '*'
            """, connection);
        command.With(project, service);
        await using var reader = await command.ExecuteReaderAsync(ct);
        Dictionary<string, (DateTimeOffset, DateTimeOffset)>? known = null;
        while (await reader.ReadAsync(ct))
        {
            known ??= new(StringComparer.Ordinal);
            if (!reader.IsDBNull(0))
            {
                known[reader.GetString(0)] = (reader.GetDateTime(1), reader.GetDateTime(2));
            }
        }

        return known;
    }

    private static async Task KeepAsync(
        NpgsqlConnection connection, int project, string service, string version, DateTimeOffset first, DateTimeOffset last, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            WITH kept AS (
                INSERT INTO service_versions (project_id, service, version, first_seen, last_seen) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (project_id, service, version) DO UPDATE SET last_seen = greatest(service_versions.last_seen, excluded.last_seen),
                    first_seen = least(service_versions.first_seen, excluded.first_seen))
            DELETE FROM service_versions
             WHERE project_id = $1 AND service = $2
               AND version IN (SELECT version FROM service_versions WHERE project_id = $1 AND service = $2 ORDER BY last_seen DESC OFFSET $6)
            """, connection);
        command.With(project, service, version, first.UtcDateTime, last.UtcDateTime, MaxVersions);
        await command.ExecuteNonQueryAsync(ct);
    }
}
