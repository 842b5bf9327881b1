using Bayou.Access;
using Bayou.Database;
using Npgsql;

namespace Bayou.Users;

/// <summary>One row of <c>GET /api/v1/users</c>.</summary>
/// <param name="Email">Null for one who cannot sign in.</param>
/// <param name="Role">In the project that was asked about; <c>owner</c> for an admin of all; null for none.</param>
/// <param name="HasPassword">One has been chosen.</param>
/// <param name="HasSecondFactor">A code is asked for beside it.</param>
internal sealed record User(
    int Id, string Name, int? Age, string? Email, string? Role, bool HasPassword, bool HasSecondFactor,
    DateTime? DisabledAt, DateTime? LastSignInAt, DateTime CreatedAt,
    DateTime UpdatedAt);

/// <summary>People, in PostgreSQL.</summary>
internal static class UserStore
{
    /// <summary>Of a row of users: whether it is an owner who can sign in.</summary>
    public const string IsActiveOwner =
        $"is_owner AND disabled_at IS NULL AND deleted_at IS NULL AND {HasWayIn}";

    /// <summary>Of a row of users: whether a password or a provider lets them in.</summary>
    public const string HasWayIn = "(password_hash IS NOT NULL OR EXISTS (SELECT FROM user_logins l WHERE l.user_id = users.id))";

    /// <summary>Of rows w of users and m of members.</summary>
    public const string Role = "CASE WHEN w.is_owner THEN 'owner' ELSE m.role END";

    public const string Columns = $"""
        w.id, w.name, w.age, w.email, {Role}, w.password_hash IS NOT NULL,
        EXISTS (SELECT FROM second_factors f WHERE f.user_id = w.id AND f.confirmed_at IS NOT NULL),
        w.disabled_at, w.last_sign_in_at, w.created_at, w.updated_at
        """;

    /// <summary>Whom a project knows: its members, owners, and those who were made there.</summary>
    public static string IsKnownIn(string project) => $"(m.user_id IS NOT NULL OR w.is_owner OR w.project_id = {project})";

    /// <summary>With the role in a project, whose id is a placeholder.</summary>
    public static string From(string project) => $"FROM users w LEFT JOIN members m ON m.user_id = w.id AND m.project_id = {project}";

    /// <summary>One change of people at a time: else two could each take away the last owner but one.</summary>
    private static readonly AdvisoryLock Lock = new("users");

    public static async Task<User> ReadAsync(NpgsqlDataReader row, CancellationToken ct) => new(
        row.GetInt32(0), row.GetString(1), await row.OrNullAsync<int>(2, ct), await row.TextOrNullAsync(3, ct),
        await row.TextOrNullAsync(4, ct), row.GetBoolean(5), row.GetBoolean(6),
        await row.OrNullAsync<DateTime>(7, ct), await row.OrNullAsync<DateTime>(8, ct), row.GetDateTime(9), row.GetDateTime(10));

    public static Task LockAsync(NpgsqlConnection connection, CancellationToken ct) => Lock.AcquireAsync(connection, ct);

    /// <param name="anywhere">Also one whom the project does not know.</param>
    public static async Task<User?> FindAsync(NpgsqlConnection connection, int project, int id, CancellationToken ct, bool anywhere = false)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT {Columns} {From("$1")} WHERE w.id = $2 AND w.deleted_at IS NULL AND ({IsKnownIn("$1")} OR $3)", connection);
        command.With(project, id, anywhere);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? await ReadAsync(reader, ct) : null;
    }

    /// <returns>The person's id; null where the e-mail is somebody else's.</returns>
    public static async Task<int?> AddAsync(
        NpgsqlConnection connection, int project, string name, int? age, string? email, bool isOwner, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            INSERT INTO users (name, age, email, is_owner, project_id) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (lower(email)) WHERE deleted_at IS NULL DO NOTHING RETURNING id
            """, connection);
        command.With(name, age, email, isOwner, project);
        return (int?)await command.ExecuteScalarAsync(ct);
    }

    /// <summary>Makes whoever has an e-mail an owner.</summary>
    /// <returns>Their id; null where nobody has it.</returns>
    public static async Task<int?> MakeOwnerAsync(NpgsqlConnection connection, string email, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """
            UPDATE users SET is_owner = true, disabled_at = NULL, updated_at = now() WHERE lower(email) = lower($1) AND deleted_at IS NULL RETURNING id
            """, connection);
        command.With(email);
        return (int?)await command.ExecuteScalarAsync(ct);
    }

    /// <returns>The id of whoever has an e-mail; null for nobody.</returns>
    public static async Task<int?> OfEmailAsync(NpgsqlConnection connection, string email, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT id FROM users WHERE lower(email) = lower($1) AND deleted_at IS NULL", connection);
        command.With(email);
        return (int?)await command.ExecuteScalarAsync(ct);
    }

    /// <summary>Whether nobody could sign in as an owner without this person.</summary>
    public static async Task<bool> IsLastOwnerAsync(NpgsqlConnection connection, int id, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT bool_or(id = $1) AND count(*) = 1 FROM users WHERE {IsActiveOwner}", connection);
        command.With(id);
        return await command.ExecuteScalarAsync(ct) is true;
    }

    /// <param name="role">Null for none.</param>
    public static async Task SetRoleAsync(NpgsqlConnection connection, int project, int id, string? role, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new("UPDATE users SET is_owner = $2, updated_at = now() WHERE id = $1 AND is_owner <> $2")
        {
            Parameters = { new() { Value = id }, new() { Value = role == Permissions.OwnerRole } },
        });
        // An owner has no roles beside it, which would come back with a demotion.
        batch.BatchCommands.Add(new("DELETE FROM members WHERE user_id = $1 AND (project_id = $2 OR $3)")
        {
            Parameters = { new() { Value = id }, new() { Value = project }, new() { Value = role == Permissions.OwnerRole } },
        });
        if (role is not (null or Permissions.OwnerRole))
        {
            batch.BatchCommands.Add(new("INSERT INTO members (user_id, project_id, role) VALUES ($1, $2, $3)")
            {
                Parameters = { new() { Value = id }, new() { Value = project }, new() { Value = role } },
            });
        }

        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Sets a password and ends all sessions that were begun with another.</summary>
    public static async Task SetPasswordAsync(NpgsqlConnection connection, int id, string hash, CancellationToken ct)
    {
        await using (var command = new NpgsqlCommand("UPDATE users SET password_hash = $2, updated_at = now() WHERE id = $1", connection))
        {
            command.With(id, hash);
            await command.ExecuteNonQueryAsync(ct);
        }

        await EndSessionsAsync(connection, id, ct);
        await VoidLinksAsync(connection, id, ct);
    }

    /// <summary>Ends all sessions of a person.</summary>
    public static Task EndSessionsAsync(NpgsqlConnection connection, int id, CancellationToken ct) => EndAsync(connection, "sessions", "revoked_at", id, ct);

    /// <summary>Has no link of a person let anybody in any more.</summary>
    public static Task VoidLinksAsync(NpgsqlConnection connection, int id, CancellationToken ct) =>
        EndAsync(connection, "sign_in_links", "used_at", id, ct);

    /// <summary>Whether a password or a provider lets somebody in.</summary>
    public static async Task<bool> HasWayInAsync(NpgsqlConnection connection, int id, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM users WHERE id = $1 AND {HasWayIn})", connection);
        command.With(id);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Has no provider of single sign-on let a person in any more, until they are known by their e-mail anew.</summary>
    public static async Task RemoveLoginsAsync(NpgsqlConnection connection, int id, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("DELETE FROM user_logins WHERE user_id = $1", connection);
        command.With(id);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task EndAsync(NpgsqlConnection connection, string table, string end, int id, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"UPDATE {table} SET {end} = now() WHERE user_id = $1 AND {end} IS NULL", connection);
        command.With(id);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The projects in which a person has a role, and the one in which they were made.</summary>
    public static async Task<int[]> ProjectsAsync(NpgsqlConnection connection, int id, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT ARRAY(SELECT project_id FROM members WHERE user_id = $1
                   UNION SELECT u.project_id FROM users u JOIN projects p ON p.id = u.project_id WHERE u.id = $1 AND p.emptied_at IS NULL)
            """, connection);
        command.With(id);
        return (int[])(await command.ExecuteScalarAsync(ct))!;
    }
}
