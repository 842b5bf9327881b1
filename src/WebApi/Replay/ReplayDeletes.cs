using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <param name="Deleted">How many.</param>
/// <param name="HasMore">There are more that the filters select: ask again.</param>
internal sealed record SnapshotsDeleted(int Deleted, bool HasMore);

/// <summary>
/// <c>DELETE /replay</c> and <c>/replay/{id}</c>: what is deleted is shown nowhere from then on, and is off the disk once its segment has been written anew.
/// </summary>
internal sealed class ReplayDeletes(
    CurrentProject project, SegmentCatalogue<SnapshotSegments> catalogue, ShortSnapshots snapshots, SnapshotFinder finder, ReplayFilter filter,
    NpgsqlDataSource db)
{
    private const int MostDeleted = 10_000;

    // By themselves these select everything: a search of blanks, and how it is done.
    private static readonly HashSet<string> SaysNotWhich = ["search", "mode"];

    public static QuerySpec Spec { get; } = ReplayFilter.Spec();

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
        var query = new QueryReader(http, Spec);
        var selection = filter.Read(query);
        if (query.IsOf(SaysNotWhich) && !selection.IsByText)
        {
            query.Fail("query", "must have a filter: all at once are never deleted");
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        var segments = await catalogue.ReadAsync(ct);
        selection = await filter.MatchingAsync(selection, ct);
        var rows = await snapshots.FirstAsync(selection.Of(segments), selection.InRange(), SegmentOrder.IdDescending, MostDeleted + 1, ct);
        long[] ids = [.. rows.Take(MostDeleted).Select(row => row.Id)];
        if (ids.Length > 0)
        {
            await DeleteAsync(http, http.Request.QueryString.Value!, ids, ct);
        }

        return new ApiResult<SnapshotsDeleted>(new(ids.Length, rows.Count > MostDeleted));
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
