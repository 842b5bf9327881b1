using System.Text.Json;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <summary>A captured request that was sent again.</summary>
/// <param name="RecordedStatusCode">Of the recorded answer.</param>
/// <param name="Outcome">same, differs, failed (there was no answer) or refused (it was not sent).</param>
/// <param name="Error">Why it failed or was refused.</param>
/// <param name="Answer">Its headers and body, without what is secret; null where there was none.</param>
/// <param name="Diff">Against the recorded answer.</param>
internal sealed record ReplayRow(
    long Id, long SnapshotId, long? RunId, DateTime CreatedAt, string CreatedBy, string Service, string Endpoint, string Method, string Url,
    int RecordedStatusCode, string Outcome, int? StatusCode, double? Duration, string? Error, WrittenJson? Answer, AnswerDiff? Diff)
{
    public const string Columns =
        "id, snapshot_id, run_id, created_at, created_by, service, endpoint, method, url, recorded, outcome, status_code, duration, error, answer::text, "
            + "diff::text";

    public static async Task<ReplayRow> ReadAsync(NpgsqlDataReader reader, CancellationToken ct) => new(
        reader.GetInt64(0), reader.GetInt64(1), await reader.OrNullAsync<long>(2, ct), reader.GetDateTime(3), reader.GetString(4), reader.GetString(5),
        reader.GetString(6), reader.GetString(7), reader.GetString(8), reader.GetInt16(9), reader.GetString(10), await reader.OrNullAsync<short>(11, ct),
        await reader.OrNullAsync<double>(12, ct), await reader.TextOrNullAsync(13, ct),
        await reader.IsDBNullAsync(14, ct) ? null : new(await reader.GetFieldValueAsync<byte[]>(14, ct)),
        await reader.TextOrNullAsync(15, ct) is { } diff ? JsonSerializer.Deserialize<AnswerDiff>(diff, ReplayStore.Written) : null);
}

/// <summary><c>GET /replay/{id}/replays</c>: how often a captured request was sent again, and what came of it, newest first.</summary>
internal sealed class ReplayHistory(
    CurrentProject project, SnapshotFinder finder, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    public static QuerySpec Spec { get; } = new([("limit", "Most of them, 1 to 1000; 50 unless told.")], []);

    public async Task<Results<ApiResult<IEnumerable<ReplayRow>>, ApiProblem>> GetAsync(HttpContext http, long id, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var limit = query.Integer("limit", 1, ListQuery.MaxLimit) ?? ListQuery.DefaultLimit;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        await using var command = db.CreateCommand(
            $"SELECT {ReplayRow.Columns} FROM replays WHERE project_id = $1 AND snapshot_id = $2 ORDER BY id DESC LIMIT $3");
        command.With(project.Id, id, limit);
        var rows = await ReadAsync(command, ct);
        return rows.Count > 0 || await finder.FindAsync(id, ct) is not null ? new ApiResult<IEnumerable<ReplayRow>>(rows)
            : ApiProblem.NotFound("captured request");
    }

    public static async Task<List<ReplayRow>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<ReplayRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(await ReplayRow.ReadAsync(reader, ct));
        }

        return rows;
    }
}
