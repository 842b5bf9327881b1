using System.Globalization;
using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Npgsql;

namespace Bayou.Projects;

/// <summary>A row of <c>GET /projects</c>.</summary>
/// <param name="Role">Of the person who asks; null for others.</param>
/// <param name="MaxEndpoints">Null for the server's own limit.</param>
/// <param name="QueriesPerMinute">Of all keys together; null for no limit.</param>
/// <param name="IngestPerMinute">Requests that bring something, of all keys together; null for no limit.</param>
/// <param name="DeletedAt">Null for one that is there.</param>
internal sealed record ProjectRow(
    int Id, string Name, string? Role, int? MaxEndpoints, int? QueriesPerMinute, int? IngestPerMinute, DateTime CreatedAt, DateTime? DeletedAt);

/// <summary>Projects, in PostgreSQL. One change at a time, each with its row in the audit log, and known to this node at once.</summary>
internal sealed class ProjectStore(NpgsqlDataSource db, AccessBook book, Callers callers)
{
    private const string Columns = "id, name, max_endpoints, queries_per_minute, ingest_per_minute, created_at, deleted_at";

    /// <param name="among">Null for all.</param>
    public static async Task<List<ProjectRow>> ListAsync(NpgsqlConnection connection, int[]? among, bool isDeleted, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT {Columns} FROM projects
             WHERE ($1::int[] IS NULL OR id = ANY ($1)) AND (deleted_at IS NOT NULL) = $2 AND emptying_at IS NULL ORDER BY text_fold(name), id
            """, connection);
        command.With<int[]?>(among);
        command.With(isDeleted);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<ProjectRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(await ReadAsync(reader, ct));
        }

        return rows;
    }

    public static async Task<ProjectRow?> FindAsync(NpgsqlConnection connection, int id, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"SELECT {Columns} FROM projects WHERE id = $1 AND deleted_at IS NULL", connection);
        command.With(id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? await ReadAsync(reader, ct) : null;
    }

    public Task<(ProjectRow? Project, ApiProblem? Problem)> MakeAsync(HttpContext http, string name, CancellationToken ct) =>
        CommitAsync(http, Permission.Owner, async connection =>
        {
            await using var command = new NpgsqlCommand($"""
                INSERT INTO projects (name) SELECT $1 WHERE (SELECT count(*) FROM projects WHERE deleted_at IS NULL) < {ProjectRules.Most}
                ON CONFLICT (text_fold(name)) WHERE emptied_at IS NULL DO NOTHING RETURNING id
                """, connection);
            command.With(name);
            if (await command.ExecuteScalarAsync(ct) is not int id)
            {
                return (null, await IsTakenAsync(connection, name, 0, ct) ? Taken
                    : new(StatusCodes.Status409Conflict, "CONFLICT", $"There are {ProjectRules.Most} projects already; delete some."));
            }

            var made = await FindAsync(connection, id, ct);
            await AuditLog.AddAsync(connection, http, new("project.create", Target(id), id, After: Told(made!)), ct);
            return (made, null);
        }, ct);

    public Task<(ProjectRow? Project, ApiProblem? Problem)> ChangeAsync(HttpContext http, ProjectChange change, CancellationToken ct) =>
        CommitAsync(http, Permission.Admin, async connection =>
        {
            var id = http.Project();
            if (await FindAsync(connection, id, ct) is not { } before)
            {
                return (null, ApiProblem.NotFound("project"));
            }

            if ((change.MaxEndpoints ?? change.QueriesPerMinute ?? change.IngestPerMinute) is not null && !http.Caller()!.IsOwner)
            {
                return (null, new(StatusCodes.Status403Forbidden, "FORBIDDEN",
                    "Limits keep projects from taking what others need: an owner changes them."));
            }

            if (change.Name is not null && await IsTakenAsync(connection, change.Name, id, ct))
            {
                return (null, Taken);
            }

            await using var command = new NpgsqlCommand("""
                UPDATE projects SET name = coalesce($2, name), max_endpoints = nullif(coalesce($3::int, max_endpoints), 0),
                       queries_per_minute = nullif(coalesce($4::int, queries_per_minute), 0),
                       ingest_per_minute = nullif(coalesce($5::int, ingest_per_minute), 0)
                 WHERE id = $1
                """, connection);
            command.With(id, change.Name, change.MaxEndpoints, change.QueriesPerMinute, change.IngestPerMinute);
            await command.ExecuteNonQueryAsync(ct);
            var after = await FindAsync(connection, id, ct);
            await AuditLog.AddAsync(connection, http, new("project.change", Target(id), id, Told(before), Told(after!)), ct);
            return (after! with { Role = http.Caller()!.Role }, null);
        }, ct);

    /// <returns>Why it is not deleted; null where it is.</returns>
    public async Task<ApiProblem?> DeleteAsync(HttpContext http, CancellationToken ct)
    {
        var (_, problem) = await CommitAsync(http, Permission.Owner, async connection =>
        {
            var id = http.Project();
            if (await FindAsync(connection, id, ct) is not { } before)
            {
                return (null, ApiProblem.NotFound("project"));
            }

            await using var command = new NpgsqlCommand("UPDATE projects SET deleted_at = now() WHERE id = $1", connection);
            command.With(id);
            await command.ExecuteNonQueryAsync(ct);
            await AuditLog.AddAsync(connection, http, new("project.delete", Target(id), null, Told(before)), ct);
            return (before, null);
        }, ct);
        return problem;
    }

    public Task<(ProjectRow? Project, ApiProblem? Problem)> RestoreAsync(HttpContext http, int id, CancellationToken ct) =>
        CommitAsync(http, Permission.Owner, async connection =>
        {
            await using var command = new NpgsqlCommand("""
                UPDATE projects SET deleted_at = NULL WHERE id = $1 AND deleted_at IS NOT NULL AND emptying_at IS NULL
                """, connection);
            command.With(id);
            if (await command.ExecuteNonQueryAsync(ct) == 0)
            {
                return (null, ApiProblem.NotFound("deleted project that still has what it had"));
            }

            var after = await FindAsync(connection, id, ct);
            await AuditLog.AddAsync(connection, http, new("project.restore", Target(id), null, After: Told(after!)), ct);
            return (after, null);
        }, ct);

    /// <param name="needed">That the caller still has when it is this change's turn.</param>
    private async Task<(ProjectRow? Project, ApiProblem? Problem)> CommitAsync(
        HttpContext http, Permission needed, Func<NpgsqlConnection, Task<(ProjectRow? Project, ApiProblem? Problem)>> work, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Project.Changes.AcquireAsync(connection, ct);
        await book.ChangedAsync(ct);
        if (!await callers.StillMayAsync(http, needed, ct))
        {
            return (null, SignInProblems.NoLonger);
        }

        var (row, problem) = await work(connection);
        if (problem is null)
        {
            await transaction.CommitAsync(ct);
            await book.ChangedAsync(ct);
        }

        return (row, problem);
    }

    private static async Task<bool> IsTakenAsync(NpgsqlConnection connection, string name, int id, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "SELECT EXISTS (SELECT FROM projects WHERE text_fold(name) = text_fold($1) AND emptied_at IS NULL AND id <> $2)", connection);
        command.With(name, id);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<ProjectRow> ReadAsync(NpgsqlDataReader row, CancellationToken ct) => new(
        row.GetInt32(0), row.GetString(1), null, await row.OrNullAsync<int>(2, ct), await row.OrNullAsync<int>(3, ct), await row.OrNullAsync<int>(4, ct),
        row.GetDateTime(5), await row.OrNullAsync<DateTime>(6, ct));

    private static ApiProblem Taken =>
        new(StatusCodes.Status409Conflict, "CONFLICT", "Another project has this name, or one that was deleted and can be restored.",
        [new("name", "is another project's")]);

    private static string Target(int id) => string.Create(CultureInfo.InvariantCulture, $"project:{id}");

    private static object Told(ProjectRow row) => new { row.Name, row.MaxEndpoints, row.QueriesPerMinute, row.IngestPerMinute };
}
