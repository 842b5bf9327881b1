using Bayou.Audit;
using Bayou.Database;
using Npgsql;

namespace Bayou.Access;

/// <summary>What an API client goes on with.</summary>
/// <param name="AccessToken">To be sent as <c>Authorization: Bearer</c>.</param>
/// <param name="ExpiresIn">Seconds.</param>
/// <param name="RefreshToken">For the next ones, once.</param>
internal sealed record Tokens(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken)
{
    public static Tokens Of(string accessToken, string refreshToken) => new(accessToken, "Bearer", (int)AccessJwt.Lifetime.TotalSeconds, refreshToken);
}

/// <summary>
/// Refresh tokens: each can be used once, and gives the next. Whoever uses one a second time has it from somebody else, or somebody else has it from them:
/// the session ends, and all its tokens with it (RFC 9700, 4.14.2).
/// </summary>
internal sealed class RefreshTokens(NpgsqlDataSource db, AccessBook book, AccessJwt jwt)
{
    /// <summary>The first ones of a session.</summary>
    public async Task<Tokens> FirstAsync(int person, long session, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        return Tokens.Of(await jwt.MakeAsync(person, session, ct), await AddAsync(connection, session, ct));
    }

    /// <returns>Null for a token that is not known, or whose session has ended, or ends for this.</returns>
    public async Task<Tokens?> NextAsync(HttpContext http, string refreshToken, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (person, session) = (0, 0L);
        await using (var use = new NpgsqlCommand("""
            UPDATE refresh_tokens t SET used_at = now() FROM sessions s, users u
             WHERE t.hash = $1 AND t.used_at IS NULL AND s.id = t.session_id AND u.id = s.user_id AND s.revoked_at IS NULL
               AND s.last_used_at > now() - $2 AND s.created_at > now() - $3 AND u.disabled_at IS NULL AND u.deleted_at IS NULL
            RETURNING u.id, s.id
            """, connection))
        {
            use.With<byte[]>(Secret.Hash(refreshToken));
            use.With(SignIn.Idle, SignIn.Longest);
            await using var reader = await use.ExecuteReaderAsync(ct);
            if (await reader.ReadAsync(ct))
            {
                (person, session) = (reader.GetInt32(0), reader.GetInt64(1));
            }
        }

        if (session == 0)
        {
            if (await EndIfUsedAsync(connection, http, refreshToken, ct))
            {
                await transaction.CommitAsync(ct);
                await book.ChangedAsync(ct);
            }

            return null;
        }

        await using (var touch = new NpgsqlCommand("UPDATE sessions SET last_used_at = now() WHERE id = $1", connection))
        {
            touch.With(session);
            await touch.ExecuteNonQueryAsync(ct);
        }

        var next = Tokens.Of(await jwt.MakeAsync(person, session, ct), await AddAsync(connection, session, ct));
        await transaction.CommitAsync(ct);
        return next;
    }

    /// <returns>Whether a session has ended.</returns>
    private static async Task<bool> EndIfUsedAsync(NpgsqlConnection connection, HttpContext http, string refreshToken, CancellationToken ct)
    {
        await using var end = new NpgsqlCommand("""
            UPDATE sessions s SET revoked_at = now() FROM refresh_tokens t, users u
             WHERE t.hash = $1 AND t.used_at IS NOT NULL AND s.id = t.session_id AND s.revoked_at IS NULL AND u.id = s.user_id RETURNING s.id, u.id, u.name
            """, connection);
        end.With<byte[]>(Secret.Hash(refreshToken));
        (long Session, Caller By)? ended = null;
        await using (var reader = await end.ExecuteReaderAsync(ct))
        {
            if (await reader.ReadAsync(ct))
            {
                ended = (reader.GetInt64(0), Caller.OfPerson(reader.GetInt32(1), reader.GetString(2)));
            }
        }

        if (ended is var (session, by))
        {
            await AuditLog.AddAsync(connection, http,
                new("session.end", $"session:{session}", null, After: new { because = "a refresh token was used a second time" }), ct, by);
        }

        return ended is not null;
    }

    private static async Task<string> AddAsync(NpgsqlConnection connection, long session, CancellationToken ct)
    {
        var token = Secret.NewToken();
        await using var command = new NpgsqlCommand("INSERT INTO refresh_tokens (hash, session_id) VALUES ($1, $2)", connection);
        command.With<byte[]>(Secret.Hash(token));
        command.With(session);
        await command.ExecuteNonQueryAsync(ct);
        return token;
    }
}
