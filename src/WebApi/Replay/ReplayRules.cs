using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <summary>Fields of an endpoint's answers that are not compared.</summary>
/// <param name="Paths">As in <c>items[*].id</c>, any place in an array as <c>[*]</c>.</param>
internal sealed record ReplayIgnores(string? Service, string? Endpoint, IReadOnlyList<string>? Paths) : IBody;

/// <summary>Parts of paths to which nothing is sent.</summary>
internal sealed record ReplayBlocks(IReadOnlyList<string>? Paths) : IBody;

/// <summary><c>/replay/ignores</c> and <c>/replay/blocks</c>: what holds whenever captured requests are sent again.</summary>
internal sealed class ReplayRules(CurrentProject project, NpgsqlDataSource db, RequestBody bodies)
{
    private const int MostPaths = 500;
    private const int LongestPath = 500;

    public async Task<ApiResult<IEnumerable<ReplayIgnores>>> IgnoresAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT service, endpoint, paths FROM replay_ignores WHERE project_id = $1 ORDER BY service, endpoint");
        command.With(project.Id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<ReplayIgnores>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(reader.GetString(0), reader.GetString(1), reader.GetFieldValue<string[]>(2)));
        }

        return new(rows);
    }

    public async Task<Results<NoContent, ApiProblem>> PutIgnoresAsync(HttpContext http, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<ReplayIgnores>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(
            string.IsNullOrEmpty(body.Service) ? new("service", "is required") : NameError("service", body.Service),
            string.IsNullOrEmpty(body.Endpoint) ? new("endpoint", "is required") : NameError("endpoint", body.Endpoint),
            PathsError(body.Paths))) is not null)
        {
            return problem!;
        }

        await ChangeAsync(
            http, "replay.ignores", $"{body.Service} {body.Endpoint}", body.Paths!, """
            INSERT INTO replay_ignores (project_id, paths, service, endpoint) VALUES ($1, $2, $3, $4)
            ON CONFLICT (project_id, service, endpoint) DO UPDATE SET paths = excluded.paths
            """, [body.Service!, body.Endpoint!], ct);
        return TypedResults.NoContent();
    }

    public async Task<ApiResult<ReplayBlocks>> BlocksAsync(ReplayStore store, CancellationToken ct) =>
        new(new((await store.SettingsAsync(project.Id, ct)).Blocked));

    public async Task<Results<NoContent, ApiProblem>> PutBlocksAsync(HttpContext http, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<ReplayBlocks>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(
            PathsError(body.Paths),
            body.Paths?.Any(path => path?.StartsWith('/') == false) == true ? new("paths", "must each begin with /") : null)) is not null)
        {
            return problem!;
        }

        await ChangeAsync(
            http, "replay.blocks", "blocks", body.Paths!, """
            INSERT INTO replay_blocks (project_id, paths) VALUES ($1, $2) ON CONFLICT (project_id) DO UPDATE SET paths = excluded.paths
            """, [], ct);
        return TypedResults.NoContent();
    }

    /// <summary>What is wrong with a name that is to be looked up; null for nothing.</summary>
    public static FieldError? NameError(string field, string? name) =>
        name is not null && (name.Length > LongestPath || name.Contains('\0', StringComparison.Ordinal))
            ? new(field, $"must have at most {LongestPath} characters, none of them NUL") : null;

    private static FieldError? PathsError(IReadOnlyList<string>? paths) =>
        paths is { Count: <= MostPaths }
            && paths.All(path => path is { Length: > 0 and <= LongestPath } && !path.Contains('\0', StringComparison.Ordinal)) ? null
            : new("paths", $"must be at most {MostPaths}, each of 1 to {LongestPath} characters");

    private async Task ChangeAsync(
        HttpContext http, string action, string what, IReadOnlyList<string> paths, string sql, string[] keys, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        command.With(project.Id, paths.Distinct().ToArray());
        command.With([.. keys]);
        await command.ExecuteNonQueryAsync(ct);
        await AuditLog.AddAsync(connection, http, new(action, what, project.Id, After: new { paths }), ct);
        await transaction.CommitAsync(ct);
    }
}
