using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <summary>Which captured requests a set has.</summary>
internal sealed record ReplaySetBody(IReadOnlyList<long>? Ids) : IBody;

/// <summary>Captured requests that are sent again and again, by name.</summary>
internal sealed record ReplaySetRow(string Name, IReadOnlyList<long> Ids, string CreatedBy, DateTime UpdatedAt);

/// <summary><c>/replay/sets</c>.</summary>
internal sealed class ReplaySets(CurrentProject project, NpgsqlDataSource db, RequestBody bodies)
{
    private const int LongestName = 200;

    public async Task<ApiResult<IEnumerable<ReplaySetRow>>> ListAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT name, snapshot_ids, created_by, updated_at FROM replay_sets WHERE project_id = $1 ORDER BY name");
        command.With(project.Id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<ReplaySetRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(reader.GetString(0), reader.GetFieldValue<long[]>(1), reader.GetString(2), reader.GetDateTime(3)));
        }

        return new(rows);
    }

    public async Task<Results<NoContent, ApiProblem>> PutAsync(HttpContext http, string name, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<ReplaySetBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(
            name.Length > LongestName || name.Contains('\0', StringComparison.Ordinal) ? new("name", $"must have at most {LongestName} characters") : null,
            body.Ids is not { Count: > 0 and <= ReplayRuns.MostIds } ? new("ids", $"must be 1 to {ReplayRuns.MostIds}") : null)) is not null)
        {
            return problem!;
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = new NpgsqlCommand("""
            INSERT INTO replay_sets (project_id, name, snapshot_ids, created_by) VALUES ($1, $2, $3, $4)
            ON CONFLICT (project_id, name) DO UPDATE SET snapshot_ids = excluded.snapshot_ids, updated_at = now()
            """, connection);
        command.With(project.Id, name, body.Ids!.Distinct().ToArray(), http.Caller()?.Name ?? "");
        await command.ExecuteNonQueryAsync(ct);
        await AuditLog.AddAsync(connection, http, new("replay.set.put", $"set:{name}", project.Id, After: new { body.Ids }), ct);
        await transaction.CommitAsync(ct);
        return TypedResults.NoContent();
    }

    public async Task<Results<NoContent, ApiProblem>> DeleteAsync(HttpContext http, string name, CancellationToken ct)
    {
        if (ReplayRules.NameError("name", name) is not null)
        {
            return ApiProblem.NotFound("set");
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = new NpgsqlCommand("DELETE FROM replay_sets WHERE project_id = $1 AND name = $2", connection);
        command.With(project.Id, name);
        if (await command.ExecuteNonQueryAsync(ct) == 0)
        {
            return ApiProblem.NotFound("set");
        }

        await AuditLog.AddAsync(connection, http, new("replay.set.delete", $"set:{name}", project.Id), ct);
        await transaction.CommitAsync(ct);
        return TypedResults.NoContent();
    }

    /// <returns>Null where there is no such set.</returns>
    public static async Task<long[]?> IdsAsync(NpgsqlConnection connection, int project, string name, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT snapshot_ids FROM replay_sets WHERE project_id = $1 AND name = $2", connection);
        command.With(project, name);
        return await command.ExecuteScalarAsync(ct) as long[];
    }
}
