using Bayou.Audit;
using Bayou.Database;
using Bayou.Hosting;
using Bayou.Projects;
using Bayou.Users;
using Npgsql;

namespace Bayou.Access;

/// <summary>Makes the owner that settings name, for containers that nobody opens a page of at first. Where there ever was an owner it does nothing.</summary>
internal sealed class FirstOwner(NpgsqlDataSource db, IConfiguration configuration, Passwords passwords)
{
    public const string EmailKey = "BAYOU_ADMIN_EMAIL";
    public const string PasswordKey = "BAYOU_ADMIN_PASSWORD";

    /// <exception cref="CannotStartException">One of the two is missing, or cannot be used.</exception>
    public async Task EnsureAsync(CancellationToken ct)
    {
        var (email, password) = (configuration[EmailKey]?.Trim() ?? "", configuration[PasswordKey]?.Trim() ?? "");
        if (email.Length == 0 && password.Length == 0)
        {
            return;
        }

        if (UserRules.Email(email) is { } wrong)
        {
            throw new CannotStartException($"{EmailKey} {wrong.Message}; it goes with {PasswordKey}");
        }

        if (Passwords.Check(password, email) is { } weak)
        {
            throw new CannotStartException($"{PasswordKey} {weak.Message}");
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await UserStore.LockAsync(connection, ct);
        await using (var command = new NpgsqlCommand("SELECT EXISTS (SELECT FROM users WHERE is_owner)", connection))
        {
            if ((bool)(await command.ExecuteScalarAsync(ct))! || await UserStore.OfEmailAsync(connection, email, ct) is not null)
            {
                return; // Also where that one was deleted: a start brings nobody back.
            }
        }

        var id = (await UserStore.AddAsync(connection, Project.Default, email.Split('@')[0], null, email, isOwner: true, ct))!.Value;
        await UserStore.SetPasswordAsync(connection, id, await passwords.HashAsync(password, ct), ct);
        await AuditLog.AddAsync(connection, null, new("person.create", $"person:{id}", null, After: new { email, role = Permissions.OwnerRole }), ct);
        await transaction.CommitAsync(ct);
    }
}
