using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <param name="Deleted">How many.</param>
/// <param name="HasMore">There are more that the filters select: ask again.</param>
internal sealed record SnapshotsDeleted(int Deleted, bool HasMore);

/// <summary>
/// <c>DELETE /replay</c> and <c>/replay/{id}</c>: what is deleted is shown nowhere from then on, and is off the disk once its segment has been written anew.
/// </summary>
internal sealed class ReplayDeletes(CurrentProject project, ReplayChoice choice, SnapshotFinder finder, NpgsqlDataSource db)
{
    private const int MostDeleted = 10_000;

    public async Task<Results<NoContent, ApiProblem>> OneAsync(HttpContext http, long id, CancellationToken ct)
    {
        if (await finder.FindAsync(id, ct) is null)
        {
            return ApiProblem.NotFound("captured request");
        }

        await DeleteAsync(http, $"snapshot:{id}", [id], ct);
        return TypedResults.NoContent();
    }

    public async Task<Results<ApiResult<SnapshotsDeleted>, ApiProblem>> AllAsync(HttpContext http, CancellationToken ct)
    {
        var (ids, hasMore, problem) = await choice.ReadAsync(http, MostDeleted, "must have a filter: all at once are never deleted", ct);
        if (problem is not null)
        {
            return problem;
        }

        if (ids.Length > 0)
        {
            await DeleteAsync(http, http.Request.QueryString.Value!, ids, ct);
        }

        return new ApiResult<SnapshotsDeleted>(new(ids.Length, hasMore));
    }

    private async Task DeleteAsync(HttpContext http, string what, long[] ids, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = new NpgsqlCommand(
            "INSERT INTO snapshot_deletions (project_id, id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING", connection);
        command.With(project.Id, ids);
        await command.ExecuteNonQueryAsync(ct);
        await AuditLog.AddAsync(connection, http, new("replay.delete", what, project.Id, After: new { count = ids.Length }), ct);
        await transaction.CommitAsync(ct);
    }
}
