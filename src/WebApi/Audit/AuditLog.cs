using System.Text.Json;
using Bayou.Access;
using Bayou.Database;
using Bayou.Http;
using Npgsql;

namespace Bayou.Audit;

/// <summary>What was done.</summary>
/// <param name="Action">As in <c>key.create</c>.</param>
/// <param name="Target">On what, as in <c>key:7</c>.</param>
/// <param name="Project">Null for what is of none.</param>
/// <param name="Before">What it was; never a secret.</param>
/// <param name="After">What it has become; never a secret.</param>
internal sealed record Deed(string Action, string Target, int? Project, object? Before = null, object? After = null);

/// <summary>
/// The record of who did what: rows that PostgreSQL lets nobody change, each with a hash of itself and of the hash before it, so that one that is missing or
/// was changed shows.
/// </summary>
internal static class AuditLog
{
    /// <summary>One row at a time, on every node.</summary>
    private static readonly AdvisoryLock Lock = new("audit");

    private const string System = "system";

    /// <summary>Adds a row, in the transaction of what was done: either both are there or none.</summary>
    public static async Task AddAsync(NpgsqlConnection connection, HttpContext? http, Deed deed, CancellationToken ct, Caller? by = null)
    {
        by ??= http?.Caller();
        await Lock.AcquireAsync(connection, ct);
        await using var command = new NpgsqlCommand("""
            WITH last AS (SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1),
                 added AS (
                    SELECT coalesce((SELECT id FROM last), 0) + 1 AS id, clock_timestamp() AS time, $1::int AS project_id, $2::text AS actor,
                           $3::text AS actor_name, $4::text AS address, $5::text AS action, $6::text AS target, $7::jsonb AS before, $8::jsonb AS after)
            INSERT INTO audit (id, time, project_id, actor, actor_name, address, action, target, before, after, hash)
            SELECT added.*, audit_hash((SELECT hash FROM last), ROW (added.*, NULL)::audit) FROM added
            """, connection);
        command.With(deed.Project, by?.Actor ?? System, by?.Name ?? "", http?.Connection.RemoteIpAddress?.ToString() ?? "", deed.Action, deed.Target,
            Text(deed.Before), Text(deed.After));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <returns>
    /// How many rows there are; the first whose hash is not what it must be, null where all are; and the last one's id and hash, which to keep elsewhere is to
    /// know later that the end was not cut off.
    /// </returns>
    public static async Task<(long Rows, long? Wrong, string Last)> VerifyAsync(NpgsqlDataSource db, CancellationToken ct)
    {
        // Where old rows have been let go, the first that is left has none before it to be told by.
        await using var command = db.CreateCommand("""
            SELECT count(*), min(id) FILTER (WHERE (previous IS NOT NULL OR id = 1) AND (hash <> expected OR id <> coalesce(previous_id, 0) + 1)),
                   coalesce((SELECT id || ' ' || encode(hash, 'hex') FROM audit ORDER BY id DESC LIMIT 1), '')
              FROM (SELECT a.id, a.hash, lag(a.hash) OVER rows AS previous, lag(a.id) OVER rows AS previous_id,
                           audit_hash(lag(a.hash) OVER rows, a) AS expected
                      FROM audit a WINDOW rows AS (ORDER BY a.id)) checked
            """);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), await reader.IsDBNullAsync(1, ct) ? null : reader.GetInt64(1), reader.GetString(2));
    }

    private static string? Text(object? value) => value is null ? null : JsonSerializer.Serialize(value, Json.Options);
}
