using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Bayou.Users;
using Npgsql;

namespace Bayou.Access;

/// <summary>A session that has begun.</summary>
/// <param name="Cookie">What the browser's cookie is to hold.</param>
internal sealed record NewSession(string Cookie, long Id, int Person);

internal enum SignInState
{
    Begun,

    /// <summary>What was shown does not fit, whichever of it is wrong.</summary>
    Refused,

    /// <summary>All is right so far; a code of the second factor is missing.</summary>
    NeedsCode,

    WrongCode,

    TooMany,
}

/// <summary>What came of trying to sign in.</summary>
/// <param name="Session">Null where none has begun.</param>
/// <param name="Wait">Of <see cref="SignInState.TooMany"/>: for how long.</param>
internal sealed record SignInOutcome(SignInState State, NewSession? Session = null, TimeSpan Wait = default);

/// <summary>Begins and ends sessions of people. A session is a row; the browser's cookie holds a secret whose hash the row has.</summary>
internal sealed class SignIn(NpgsqlDataSource db, AccessBook book, Passwords passwords, SecondFactors factors, SignInLimits limits)
{
    public static readonly TimeSpan Idle = TimeSpan.FromDays(30); // A session ends when it was not used for so long,
    public static readonly TimeSpan Longest = TimeSpan.FromDays(90); // and after so long in any case.
    private const int LongestDevice = 200;

    /// <summary>Signs in by e-mail and password, and a code where one is asked for.</summary>
    public async Task<SignInOutcome> ByPasswordAsync(HttpContext http, string email, string password, string? code, CancellationToken ct)
    {
        var (id, name, hash) = await FindAsync(email, ct);
        var (isRight, isWeak) = await passwords.VerifyAsync(hash, password, ct);
        if (isRight && code is not null && await limits.TakeCodeAsync(id!.Value, ct) is { } wait)
        {
            return new(SignInState.TooMany, Wait: wait);
        }

        var renewed = isRight && isWeak ? await passwords.HashAsync(password, ct) : null;
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var isKnown = isRight && await IsStillAsync(connection, id!.Value, hash!, ct);
        if (isKnown && code is null && await SecondFactors.HasAsync(connection, id!.Value, ct))
        {
            // Whoever has found out a password is seen here.
            await AuditLog.AddAsync(connection, http, new("sign_in.code_asked", $"person:{id}", null, After: new { email }), ct);
            await transaction.CommitAsync(ct);
            return new(SignInState.NeedsCode);
        }

        var isCode = isKnown && await factors.PassesAsync(connection, id!.Value, code, ct);
        if (!isCode)
        {
            object told = isKnown ? new { email, code = "wrong" } : new { email };
            await AuditLog.AddAsync(connection, http, new("sign_in.fail", id is { } known ? $"person:{known}" : "", null, After: told), ct);
            await transaction.CommitAsync(ct);
            return new(isKnown ? SignInState.WrongCode : SignInState.Refused);
        }

        if (renewed is not null)
        {
            await using var renew = new NpgsqlCommand("UPDATE users SET password_hash = $2 WHERE id = $1", connection);
            renew.With(id, renewed);
            await renew.ExecuteNonQueryAsync(ct);
        }

        var session = await BeginAsync(connection, http, id!.Value, name, ct);
        await transaction.CommitAsync(ct);
        if (code is not null)
        {
            await limits.ForgetCodesAsync(id!.Value, ct);
        }

        return new(SignInState.Begun, session);
    }

    /// <summary>Locks a person; false where the password was changed, or they were put out, since it was looked at.</summary>
    private static async Task<bool> IsStillAsync(NpgsqlConnection connection, int id, string hash, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "SELECT password_hash FROM users WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL FOR UPDATE", connection);
        command.With(id);
        return await command.ExecuteScalarAsync(ct) is string now && now == hash;
    }

    /// <summary>Begins a session in the transaction of what allows it.</summary>
    /// <param name="via">Who says who it is; null where they have shown it themselves.</param>
    public static async Task<NewSession> BeginAsync(
        NpgsqlConnection connection, HttpContext http, int id, string name, CancellationToken ct, string? via = null)
    {
        var cookie = Secret.NewToken();
        var device = http.Request.Headers.UserAgent.ToString();
        long session;
        await using (var command = new NpgsqlCommand("""
            WITH signed AS (UPDATE users SET last_sign_in_at = now() WHERE id = $1)
            INSERT INTO sessions (user_id, hash, device, address) VALUES ($1, $2, $3, $4) RETURNING id
            """, connection))
        {
            command.With(id);
            command.With<byte[]>(Secret.Hash(cookie));
            command.With(device[..Math.Min(device.Length, LongestDevice)], http.Connection.RemoteIpAddress?.ToString() ?? "");
            session = (long)(await command.ExecuteScalarAsync(ct))!;
        }

        var by = Caller.OfPerson(id, name);
        await AuditLog.AddAsync(connection, http, new("sign_in", $"person:{id}", null, After: via is null ? null : new { via }), ct, by);
        return new(cookie, session, id);
    }

    /// <summary>Changes one's own password, and ends all other sessions.</summary>
    /// <returns>A session; or what is wrong.</returns>
    public async Task<(NewSession? Session, FieldError? Wrong)> ChangeAsync(
        HttpContext http, Caller caller, string current, string password, CancellationToken ct)
    {
        string? hash;
        string? email;
        await using (var command = db.CreateCommand("SELECT password_hash, email FROM users WHERE id = $1"))
        {
            command.With(caller.Id);
            await using var reader = await command.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            (hash, email) = (await reader.TextOrNullAsync(0, ct), await reader.TextOrNullAsync(1, ct));
        }

        if (Passwords.Check(password, email) is { } weak)
        {
            return (null, weak);
        }

        if (!(await passwords.VerifyAsync(hash, current, ct)).IsRight)
        {
            return (null, NotCurrent);
        }

        var chosen = await passwords.HashAsync(password, ct);
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await IsStillAsync(connection, caller.Id, hash!, ct))
        {
            return (null, NotCurrent);
        }

        await UserStore.SetPasswordAsync(connection, caller.Id, chosen, ct);
        await AuditLog.AddAsync(connection, http, new("password.set", caller.Actor, null), ct);
        var session = await BeginAsync(connection, http, caller.Id, caller.Name, ct);
        await transaction.CommitAsync(ct);
        await book.ChangedAsync(ct);
        return (session, null);
    }

    private static FieldError NotCurrent => new("current", "is not the present password");

    /// <summary>Makes the first owner, where nobody else may sign in as one yet.</summary>
    /// <returns>Null where there is one already.</returns>
    public async Task<NewSession?> FirstAsync(HttpContext http, string name, string email, string password, CancellationToken ct)
    {
        var hash = await passwords.HashAsync(password, ct);
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await UserStore.LockAsync(connection, ct);
        await using (var any = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM users WHERE {UserStore.IsActiveOwner})", connection))
        {
            if ((bool)(await any.ExecuteScalarAsync(ct))!)
            {
                return null;
            }
        }

        if (await UserStore.OfEmailAsync(connection, email, ct) is { } taken && await UserStore.HasWayInAsync(connection, taken, ct))
        {
            return null; // Nobody becomes somebody else who can come in.
        }

        var id = await UserStore.AddAsync(connection, Project.Default, name, null, email, isOwner: true, ct)
            ?? (await UserStore.MakeOwnerAsync(connection, email, ct))!.Value;
        await UserStore.SetPasswordAsync(connection, id, hash, ct);
        await AuditLog.AddAsync(connection, http, new("person.create", $"person:{id}", null, After: new { name, email, role = Permissions.OwnerRole }), ct);
        var session = await BeginAsync(connection, http, id, name, ct);
        await transaction.CommitAsync(ct);
        await book.ChangedAsync(ct);
        return session;
    }

    /// <summary>Ends a session of a person.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> EndAsync(HttpContext http, int person, long session, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var command = new NpgsqlCommand("""
            WITH person AS (SELECT id FROM users WHERE id = $2 FOR UPDATE) -- in the order in which a new password locks
            UPDATE sessions SET revoked_at = now() WHERE id = $1 AND user_id = (SELECT id FROM person) AND revoked_at IS NULL
            """, connection))
        {
            command.With(session, person);
            if (await command.ExecuteNonQueryAsync(ct) == 0)
            {
                return false;
            }
        }

        await AuditLog.AddAsync(connection, http, new("session.end", $"session:{session}", null), ct);
        await transaction.CommitAsync(ct);
        await book.ChangedAsync(ct);
        return true;
    }

    private async Task<(int? Id, string Name, string? Hash)> FindAsync(string email, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            "SELECT id, name, password_hash FROM users WHERE lower(email) = lower($1) AND deleted_at IS NULL AND disabled_at IS NULL");
        command.With(email);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? (reader.GetInt32(0), reader.GetString(1), await reader.IsDBNullAsync(2, ct) ? null : reader.GetString(2))
            : (null, "", null);
    }
}
