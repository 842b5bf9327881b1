using System.Security.Claims;
using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Users;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Sso;

/// <summary>Lets in whom a provider has told us, as the person they are here.</summary>
internal sealed class SsoSignIn(NpgsqlDataSource db, IOptions<SsoOptions> options, AccessBook book)
{
    /// <param name="told">What the provider says, its signature checked.</param>
    /// <returns>A session; or why there is none, in a word that the page knows.</returns>
    public async Task<(NewSession? Session, string Refusal)> InAsync(HttpContext http, ClaimsPrincipal told, CancellationToken ct)
    {
        var (issuer, subject) = (told.FindFirstValue("iss") ?? "", told.FindFirstValue("sub") ?? "");
        var email = told.FindFirstValue("email")?.Trim() ?? "";
        var domains = options.Value.AllowedDomains.ToList();
        if (issuer.Length == 0 || subject.Length == 0 || UserRules.Email(email) is not null)
        {
            return (null, "email");
        }

        if (domains.Count > 0 && !domains.Contains(email.Split('@')[^1], StringComparer.OrdinalIgnoreCase))
        {
            return (null, "domain");
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await UserStore.LockAsync(connection, ct);
        var id = await KnownAsync(connection, issuer, subject, ct);
        if (id is null)
        {
            if (!options.Value.TrustEmail && !string.Equals(told.FindFirstValue("email_verified"), "true", StringComparison.OrdinalIgnoreCase))
            {
                return (null, "unverified");
            }

            id = await UserStore.OfEmailAsync(connection, email, ct) ?? await SignUpAsync(connection, http, told, email, ct);
            if (id is null)
            {
                return (null, "uninvited");
            }

            await using var link = new NpgsqlCommand("INSERT INTO user_logins (issuer, subject, user_id) VALUES ($1, $2, $3)", connection);
            link.With(issuer, subject, id);
            await link.ExecuteNonQueryAsync(ct);
        }

        if (await UserStore.FindAsync(connection, options.Value.Project, id.Value, ct, anywhere: true) is not { DisabledAt: null } user)
        {
            return (null, "disabled");
        }

        await TakeRoleAsync(connection, http, told, user, ct);
        var session = await SignIn.BeginAsync(connection, http, id.Value, user.Name, ct, options.Value.Name);
        await transaction.CommitAsync(ct);
        await book.ChangedAsync(ct);
        return (session, "");
    }

    private static async Task<int?> KnownAsync(NpgsqlConnection connection, string issuer, string subject, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT user_id FROM user_logins WHERE issuer = $1 AND subject = $2", connection);
        command.With(issuer, subject);
        return (int?)await command.ExecuteScalarAsync(ct);
    }

    /// <returns>Null where only who was invited comes in.</returns>
    private async Task<int?> SignUpAsync(NpgsqlConnection connection, HttpContext http, ClaimsPrincipal told, string email, CancellationToken ct)
    {
        var role = RoleOf(told) ?? options.Value.SignUpRole;
        if (role.Length == 0)
        {
            return null;
        }

        var name = told.FindFirstValue("name") is { } given && UserRules.Name(given) is null ? given : email.Split('@')[0];
        var id = (await UserStore.AddAsync(connection, options.Value.Project, name, null, email, isOwner: false, ct))!.Value;
        await UserStore.SetRoleAsync(connection, options.Value.Project, id, role, ct);
        await AuditLog.AddAsync(
            connection, http, new("person.create", $"person:{id}", options.Value.Project, After: new { name, email, role, by = options.Value.Name }), ct);
        return id;
    }

    /// <summary>Where a claim says the role, it is what it says, also where it says none; owners stay what they are.</summary>
    private async Task TakeRoleAsync(NpgsqlConnection connection, HttpContext http, ClaimsPrincipal told, User user, CancellationToken ct)
    {
        var role = RoleOf(told);
        if (options.Value.RoleClaim.Length == 0 || user.Role == Permissions.OwnerRole || user.Role == role)
        {
            return;
        }

        await UserStore.SetRoleAsync(connection, options.Value.Project, user.Id, role, ct);
        await AuditLog.AddAsync(connection, http,
            new("person.role", $"person:{user.Id}", options.Value.Project, new { user.Role }, new { role, by = options.Value.Name }), ct);
    }

    private string? RoleOf(ClaimsPrincipal told) => told.FindAll(options.Value.RoleClaim)
        .Select(claim => options.Value.Roles.GetValueOrDefault(claim.Value)).OfType<string>()
        .MaxBy(role => Permissions.Roles.ToList().IndexOf(role));
}
