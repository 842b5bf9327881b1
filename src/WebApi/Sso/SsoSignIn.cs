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
    /// <param name="self">Who was signed in when they went to the provider, and wants to be known by it; null for nobody.</param>
    /// <returns>A session; or why there is none, in a word that the page knows.</returns>
    public async Task<(NewSession? Session, string Refusal)> InAsync(HttpContext http, ClaimsPrincipal told, int? self, CancellationToken ct)
    {
        var (issuer, subject) = (told.FindFirstValue("iss") ?? "", told.FindFirstValue("sub") ?? "");
        var email = told.FindFirstValue("email")?.Trim() ?? "";
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await UserStore.LockAsync(connection, ct);
        var refusal = Refusal(issuer, subject, email);
        var id = await KnownAsync(connection, issuer, subject, ct);
        if (refusal.Length == 0 && id is null)
        {
            (id, refusal) = self is null ? await ByEmailAsync(connection, http, told, email, ct) : (self, "");
            if (id is not null && !await LinkAsync(connection, issuer, subject, id.Value, ct))
            {
                (id, refusal) = (null, "taken");
            }
        }

        var user = id is null ? null : await UserStore.FindAsync(connection, options.Value.Project, id.Value, ct, anywhere: true);
        refusal = refusal.Length > 0 ? refusal : user is not { DisabledAt: null } ? "disabled" : "";
        if (refusal.Length > 0)
        {
            await transaction.RollbackAsync(ct);
            await RefusedAsync(http, new { email, issuer, subject, via = options.Value.Name, because = refusal }, ct);
            return (null, refusal);
        }

        await TakeRoleAsync(connection, http, told, user!, ct);
        var session = await SignIn.BeginAsync(connection, http, user!.Id, user.Name, ct, options.Value.Name);
        await transaction.CommitAsync(ct);
        await book.ChangedAsync(ct);
        return (session, "");
    }

    private string Refusal(string issuer, string subject, string email)
    {
        var domains = options.Value.AllowedDomains.ToList();
        return issuer.Length == 0 || subject.Length == 0 || UserRules.Email(email) is not null ? "email"
            : domains.Count > 0 && !domains.Contains(email.Split('@')[^1], StringComparer.OrdinalIgnoreCase) ? "domain"
            : "";
    }

    /// <summary>
    /// Who has the e-mail here, or signs up by it. Not one who can come in already: whoever made them that way in need not be whom the provider means, and
    /// they say themselves, signed in, that they are.
    /// </summary>
    private async Task<(int? Id, string Refusal)> ByEmailAsync(
        NpgsqlConnection connection, HttpContext http, ClaimsPrincipal told, string email, CancellationToken ct)
    {
        if (!options.Value.TrustEmail && !string.Equals(told.FindFirstValue("email_verified"), "true", StringComparison.OrdinalIgnoreCase))
        {
            return (null, "unverified");
        }

        if (await UserStore.OfEmailAsync(connection, email, ct) is { } known)
        {
            if (await UserStore.HasWayInAsync(connection, known, ct))
            {
                return (null, "known");
            }

            await UserStore.VoidLinksAsync(connection, known, ct); // Else two could become this person.
            return (known, "");
        }

        return await SignUpAsync(connection, http, told, email, ct) is { } made ? (made, "") : (null, "uninvited");
    }

    /// <returns>False where the person is known to that provider as somebody else.</returns>
    private static async Task<bool> LinkAsync(NpgsqlConnection connection, string issuer, string subject, int id, CancellationToken ct)
    {
        await using var link = new NpgsqlCommand(
            "INSERT INTO user_logins (issuer, subject, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", connection);
        link.With(issuer, subject, id);
        return await link.ExecuteNonQueryAsync(ct) > 0;
    }

    private async Task RefusedAsync(HttpContext http, object told, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await AuditLog.AddAsync(connection, http, new("sign_in.fail", "", null, After: told), ct);
        await transaction.CommitAsync(ct);
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
        await UserStore.VoidLinksAsync(connection, user.Id, ct); // They were made for what that person was then.
        await AuditLog.AddAsync(connection, http,
            new("person.role", $"person:{user.Id}", options.Value.Project, new { user.Role }, new { role, by = options.Value.Name }), ct);
    }

    private string? RoleOf(ClaimsPrincipal told) => told.FindAll(options.Value.RoleClaim)
        .Select(claim => options.Value.Roles.GetValueOrDefault(claim.Value)).OfType<string>()
        .MaxBy(role => Permissions.Roles.ToList().IndexOf(role));
}
