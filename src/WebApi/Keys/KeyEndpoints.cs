using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Keys;

/// <summary>A row of <c>GET /projects/{project}/keys</c>.</summary>
/// <param name="Origins">Of the pages that may use it; empty for a key that is for none.</param>
/// <param name="Hint">How the key ends.</param>
/// <param name="ExpiresAt">Null for never.</param>
/// <param name="CreatedBy">Who made it; null where nobody had signed in.</param>
/// <param name="LastUsedAt">To the minute; null for never.</param>
internal sealed record ApiKey(
    int Id, string Name, IReadOnlyList<string> Scopes, IReadOnlyList<string> Origins, string Hint, DateTime? ExpiresAt, string? CreatedBy,
    DateTime CreatedAt, DateTime? LastUsedAt);

/// <summary>A key that was made.</summary>
/// <param name="Key">Told this once.</param>
internal sealed record NewKey(int Id, string Key, string Name, IReadOnlyList<string> Scopes, DateTime? ExpiresAt);

internal static class KeyEndpoints
{
    private const int LongestName = 100;
    private const int MostKeys = 1_000; // that can be used at one time
    private const int MostOrigins = 50;
    private static readonly TimeSpan Grace = TimeSpan.FromHours(24);

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/projects/{project:int}/keys").WithTags("Keys").Needs(Permission.Admin);
        keys.MapGet("", ListAsync).WithName("ListKeys").WithSummary("Keys that can be used, the newest first.");
        keys.MapPost("", MakeAsync).WithName("MakeKey").WithSummary("Makes a key, which is told this once.")
            .WithMetadata(new BodySpec(RequestBody.Types, "Its name, scopes, and end.", typeof(KeyBody)));
        keys.MapDelete("/{id:int}", RevokeAsync).WithName("RevokeKey").WithSummary("Revokes a key at once.");
        keys.MapPost("/{id:int}/rotate", RotateAsync).WithName("RotateKey")
            .WithSummary("Makes a key like another, which lives on for a day so that its users can change over.");
    }

    private static async Task<ApiResult<IEnumerable<ApiKey>>> ListAsync(HttpContext http, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT k.id, k.name, k.scopes, k.hint, k.expires_at, u.name, k.created_at, k.last_used_at, k.origins
              FROM api_keys k LEFT JOIN users u ON u.id = k.created_by
             WHERE k.project_id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) ORDER BY k.id DESC LIMIT {MostKeys}
            """);
        command.With(http.Project());
        await using var reader = await command.ExecuteReaderAsync(ct);
        var keys = new List<ApiKey>();
        while (await reader.ReadAsync(ct))
        {
            keys.Add(new(
                reader.GetInt32(0), reader.GetString(1), reader.GetFieldValue<string[]>(2), reader.GetFieldValue<string[]>(8), reader.GetString(3),
                await reader.OrNullAsync<DateTime>(4, ct),
                await reader.TextOrNullAsync(5, ct), reader.GetDateTime(6), await reader.OrNullAsync<DateTime>(7, ct)));
        }

        return new(keys);
    }

    private static async Task<Results<CreatedResult<NewKey>, ApiProblem>> MakeAsync(
        HttpContext http, RequestBody bodies, NpgsqlDataSource db, Callers callers, TimeProvider time, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<KeyBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(NameError(body.Name), ScopesError(body.Scopes), OriginsError(body),
            body.ExpiresAt <= time.GetUtcNow() ? new("expires_at", "must be in the future") : null)) is not null)
        {
            return problem!;
        }

        if (!await callers.StillMayAsync(http, Permission.Admin, ct))
        {
            // It took a while to come in.
            return SignInProblems.NoLonger;
        }

        string[] scopes = [.. Permissions.Scopes.Where(body.Scopes!.Contains)];
        if (TooMuch(http, scopes) is { } forbidden)
        {
            return forbidden;
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var made = await AddAsync(
            connection, http, new(body.Name!, scopes, [.. body.Origins ?? []], body.ExpiresAt?.UtcDateTime), "key.create", null, ct);
        if (made is null)
        {
            return new ApiProblem(StatusCodes.Status409Conflict, "CONFLICT", $"There are {MostKeys} keys already; revoke some.");
        }

        await transaction.CommitAsync(ct);
        return new CreatedResult<NewKey>(made);
    }

    private static async Task<Results<NoContent, ApiProblem>> RevokeAsync(HttpContext http, int id, NpgsqlDataSource db, AccessBook book, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = new NpgsqlCommand(
            "UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND project_id = $2 AND revoked_at IS NULL RETURNING name, scopes", connection);
        command.With(id, http.Project());
        object? before = null;
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            if (!await reader.ReadAsync(ct))
            {
                return ApiProblem.NotFound("key");
            }

            before = new { name = reader.GetString(0), scopes = reader.GetFieldValue<string[]>(1) };
        }

        await AuditLog.AddAsync(connection, http, new("key.revoke", $"key:{id}", http.Project(), before), ct);
        await transaction.CommitAsync(ct);
        await book.ChangedAsync(ct);
        return TypedResults.NoContent();
    }

    private static async Task<Results<CreatedResult<NewKey>, ApiProblem>> RotateAsync(
        HttpContext http, int id, NpgsqlDataSource db, AccessBook book, TimeProvider time, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        Wanted old;
        await using (var command = new NpgsqlCommand("""
            UPDATE api_keys n SET expires_at = least(n.expires_at, $3) FROM api_keys o
             WHERE n.id = $1 AND o.id = n.id AND n.project_id = $2 AND n.revoked_at IS NULL
               AND n.replaced_by IS NULL AND (n.expires_at IS NULL OR n.expires_at > now())
            RETURNING n.name, n.scopes, n.origins, o.expires_at
            """, connection))
        {
            command.With(id, http.Project(), (time.GetUtcNow() + Grace).UtcDateTime);
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
            {
                return ApiProblem.NotFound("key that was not rotated already");
            }

            old = new(reader.GetString(0), reader.GetFieldValue<string[]>(1), reader.GetFieldValue<string[]>(2), await reader.OrNullAsync<DateTime>(3, ct));
        }

        if (TooMuch(http, old.Scopes) is { } forbidden)
        {
            return forbidden;
        }

        if (await AddAsync(connection, http, old, "key.rotate", $"key:{id}", ct) is not { } made)
        {
            return new ApiProblem(StatusCodes.Status409Conflict, "CONFLICT", $"There are {MostKeys} keys already; revoke some.");
        }

        await using (var replace = new NpgsqlCommand("UPDATE api_keys SET replaced_by = $2 WHERE id = $1", connection))
        {
            replace.With(id, made.Id);
            await replace.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        await book.ChangedAsync(ct);
        return new CreatedResult<NewKey>(made);
    }

    /// <returns>Null where there are too many.</returns>
    private static async Task<NewKey?> AddAsync(
        NpgsqlConnection connection, HttpContext http, Wanted wanted, string action, string? of, CancellationToken ct)
    {
        var key = Secret.NewKey(wanted.Scopes);
        await using var command = new NpgsqlCommand($"""
            INSERT INTO api_keys (project_id, name, scopes, origins, hash, hint, expires_at, created_by) SELECT $1, $2, $3, $4, $5, $6, $7, $8
             WHERE (SELECT count(*) FROM api_keys WHERE project_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) < {MostKeys}
            RETURNING id
            """, connection);
        command.With(http.Project(), wanted.Name);
        command.With<string[]>(wanted.Scopes);
        command.With<string[]>(wanted.Origins);
        command.With<byte[]>(Secret.Hash(key));
        command.With(key[^4..], wanted.ExpiresAt, http.Caller()!.Responsible);
        if (await command.ExecuteScalarAsync(ct) is not int id)
        {
            return null;
        }

        await AuditLog.AddAsync(connection, http, new(action, $"key:{id}", http.Project(), of, wanted), ct);
        return new(id, key, wanted.Name, wanted.Scopes, wanted.ExpiresAt);
    }

    private static FieldError? NameError(string? name) =>
        name is { Length: > 0 and <= LongestName } && !string.IsNullOrWhiteSpace(name) && !name.Contains('\0', StringComparison.Ordinal)
            ? null : new("name", $"must be a text of 1 to {LongestName} characters");

    private static FieldError? ScopesError(IReadOnlyList<string>? scopes) => scopes is { Count: > 0 } && scopes.All(Permissions.Scopes.Contains)
        ? null : new("scopes", $"must be a list of some of {string.Join(", ", Permissions.Scopes)}");

    /// <summary>A key for browsers is for nothing else, as everybody can read it there, and for pages of some origins.</summary>
    private static FieldError? OriginsError(KeyBody body)
    {
        var isForBrowsers = body.Scopes?.Contains(Permissions.Browser) == true;
        return isForBrowsers && body.Scopes!.Count > 1 ? new("scopes", $"must be {Permissions.Browser} alone, or without it")
            : isForBrowsers != body.Origins is { Count: > 0 } ? new("origins", $"must be given with the scope {Permissions.Browser}, and only with it")
            : body.Origins?.Count > MostOrigins || body.Origins?.All(IsOrigin) == false ? new("origins", "must be origins, as https://shop.example")
            : null;
    }

    private static bool IsOrigin(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
        && string.Equals(uri.GetLeftPart(UriPartial.Authority), text, StringComparison.OrdinalIgnoreCase) && uri.UserInfo.Length == 0;

    /// <summary>Nobody gives a key what they have not themselves.</summary>
    private static ApiProblem? TooMuch(HttpContext http, string[] scopes) =>
        http.Caller()!.Kind == CallerKind.Open && scopes.Contains("admin")
            ? new(StatusCodes.Status409Conflict, "CONFLICT", "Make the first administrator first: else this key would manage people whom nobody had let in.")
        : (Permissions.OfScopes(scopes) & ~http.Caller()!.May) == Permission.None ? null
        : new(StatusCodes.Status403Forbidden, "FORBIDDEN", "A key may have no scope that its maker has not.");

    private sealed record KeyBody(string? Name, IReadOnlyList<string>? Scopes, IReadOnlyList<string>? Origins, DateTimeOffset? ExpiresAt) : IBody;

    /// <summary>A key that is to be.</summary>
    private sealed record Wanted(string Name, string[] Scopes, string[] Origins, DateTime? ExpiresAt);
}
