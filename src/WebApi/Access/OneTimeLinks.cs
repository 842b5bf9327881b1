using Bayou.Audit;
using Bayou.Database;
using Bayou.Users;
using Npgsql;

namespace Bayou.Access;

/// <summary>Links by which somebody chooses a password, once: an invitation, the first administrator, a lost password.</summary>
internal sealed class OneTimeLinks(NpgsqlDataSource db, AccessBook book, SecondFactors factors)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3);

    /// <summary>Makes a link by which somebody chooses a password, once.</summary>
    /// <returns>What the link holds, and until when it can be used.</returns>
    public static async Task<(string Token, DateTime ExpiresAt)> MakeAsync(
        NpgsqlConnection connection, int id, TimeProvider time, CancellationToken ct)
    {
        var (token, expires) = (Secret.NewToken(), (time.GetUtcNow() + Lifetime).UtcDateTime);
        await UserStore.VoidLinksAsync(connection, id, ct); // The newest counts.
        await using var command = new NpgsqlCommand("INSERT INTO sign_in_links (hash, user_id, expires_at) VALUES ($1, $2, $3)", connection);
        command.With<byte[]>(Secret.Hash(token));
        command.With(id, expires);
        await command.ExecuteNonQueryAsync(ct);
        return (token, expires);
    }

    /// <summary>Sets a password by a link, and signs in; the link stays as it was where a code is missing or wrong.</summary>
    /// <returns>Refused for a link that is not known, was used or has expired.</returns>
    public async Task<SignInOutcome> UseAsync(HttpContext http, string token, string hash, string? code, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        int id;
        string name;
        await using (var command = new NpgsqlCommand("""
            SELECT u.id, u.name FROM sign_in_links l JOIN users u ON u.id = l.user_id
             WHERE l.hash = $1 AND l.used_at IS NULL AND l.expires_at > now() AND u.deleted_at IS NULL AND u.disabled_at IS NULL FOR UPDATE OF l
            """, connection))
        {
            command.With<byte[]>(Secret.Hash(token));
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
            {
                return new(SignInState.Refused);
            }

            (id, name) = (reader.GetInt32(0), reader.GetString(1));
        }

        if (!await factors.PassesAsync(connection, id, code, ct))
        {
            await AuditLog.AddAsync(connection, http, new("sign_in.fail", $"person:{id}", null, After: new { by_link = true, code = "wrong" }), ct);
            await transaction.CommitAsync(ct);
            return new(code is null ? SignInState.NeedsCode : SignInState.WrongCode);
        }

        await UserStore.SetPasswordAsync(connection, id, hash, ct); // No link works after that, this one neither.
        var by = Caller.OfPerson(id, name);
        await AuditLog.AddAsync(connection, http, new("password.set", $"person:{id}", null, After: new { by_link = true }), ct, by);
        var session = await SignIn.BeginAsync(connection, http, id, name, ct);
        await transaction.CommitAsync(ct);
        await book.ChangedAsync(ct);
        return new(SignInState.Begun, session);
    }

    /// <summary>Whom a link is for, and whether they have a second factor; null for one that is not known, was used or has expired.</summary>
    public async Task<(int Person, string Email, bool HasFactor)?> FindAsync(string token, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            """
            SELECT u.id, u.email, EXISTS (SELECT FROM second_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL)
              FROM sign_in_links l JOIN users u ON u.id = l.user_id
             WHERE l.hash = $1 AND l.used_at IS NULL AND l.expires_at > now() AND u.deleted_at IS NULL AND u.disabled_at IS NULL
            """);
        command.With<byte[]>(Secret.Hash(token));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetInt32(0), reader.GetString(1), reader.GetBoolean(2)) : null;
    }
}
