using System.Globalization;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Hosting;
using Bayou.Jobs;
using Bayou.Metrics;
using Bayou.Projects;
using Bayou.Users;
using Npgsql;

namespace Bayou.Access;

/// <summary>
/// <c>./bayou admin EMAIL</c> and <c>./bayou audit verify</c>, for whoever has the database's address: makes an owner, or lets one back in who has lost the
/// password; checks that nothing in the audit log was changed.
/// </summary>
internal static class AccessCommands
{
    public const string Admin = "admin";
    public const string AuditName = "audit";

    /// <summary>Where links are to lead, as browsers reach this Bayou.</summary>
    public const string UrlKey = "BAYOU_URL";

    private const string LocalUrl = "http://localhost:5080";

    /// <returns>The exit code: 0; 1 where the log was changed, or the database cannot be used; 2 when the arguments cannot be used.</returns>
    public static async Task<int> RunAsync(
        string[] arguments, IConfiguration configuration, TextWriter output, TextWriter errors, CancellationToken ct)
    {
        try
        {
            switch (arguments)
            {
                case [Admin, var email] when UserRules.Email(email) is null:
                    await using (var services = MigrateCommand.Services(configuration))
                    {
                        return await AdminAsync(services, email, output, ct);
                    }

                case [Admin, ..]:
                    await errors.WriteLineAsync("bayou: admin takes one e-mail address");
                    return 2;
                case [AuditName, "verify"]:
                    await using (var services = MigrateCommand.Services(configuration))
                    {
                        return await VerifyAsync(services, output, ct);
                    }

                default:
                    await errors.WriteLineAsync("bayou: audit takes verify");
                    return 2;
            }
        }
        catch (Exception e) when (BayouProgram.ReasonOf(e) is not null || DatabaseFailure.Is(e))
        {
            await errors.WriteLineAsync($"bayou: {BayouProgram.ReasonOf(e) ?? e.Message}");
            return 1;
        }
    }

    private static async Task<int> AdminAsync(ServiceProvider services, string email, TextWriter output, CancellationToken ct)
    {
        var server = services.GetRequiredService<IConfiguration>()[UrlKey] is { Length: > 0 } url ? url.TrimEnd('/') : LocalUrl;
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new CannotStartException($"{UrlKey} is {server}; it must be as https://bayou.example");
        }

        await services.GetRequiredService<Migrator>().StartAsync(ct); // It may be the first that is ever done with this database.
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await UserStore.LockAsync(connection, ct);
        var before = await UserStore.OfEmailAsync(connection, email, ct) is { } known
            ? await UserStore.FindAsync(connection, Project.Default, known, ct, anywhere: true) : null;
        var id = await UserStore.AddAsync(connection, Project.Default, email.Split('@')[0], null, email, isOwner: true, ct)
            ?? (await UserStore.MakeOwnerAsync(connection, email, ct))!.Value;
        await SecondFactors.RemoveAsync(connection, id, ct); // Whoever has lost all ways in has this one.
        var (token, expires) = await OneTimeLinks.MakeAsync(connection, id, services.GetRequiredService<TimeProvider>(), ct);
        await AuditLog.AddAsync(
            connection, null, new("person.owner", $"person:{id}", null, before is null ? null : new { before.Email, before.Role, before.DisabledAt },
                new { email, role = Permissions.OwnerRole, by = "the command line" }), ct);
        await transaction.CommitAsync(ct);
        await output.WriteLineAsync(SignInLink.Of(server, token));
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"Whoever opens this once, until {expires:yyyy-MM-dd HH:mm} UTC, chooses the password of {email}."));
        await output.WriteLineAsync(before switch
        {
            null => $"{email} is new here, and an owner. From now on everything needs a person or a key.",
            { Role: Permissions.OwnerRole } => $"{email} is an owner, as before.",
            _ => $"{email} was {before.Role ?? "without a role"}, and is an owner now.",
        });
        return 0;
    }

    private static async Task<int> VerifyAsync(ServiceProvider services, TextWriter output, CancellationToken ct)
    {
        var (rows, wrong, last) = await AuditLog.VerifyAsync(services.GetRequiredService<NpgsqlDataSource>(), ct);
        await output.WriteLineAsync(wrong is null
            ? string.Create(CultureInfo.InvariantCulture, $"The audit log is whole: {rows:#,0} rows, the last of them {last}.")
            : string.Create(CultureInfo.InvariantCulture, $"Row {wrong} of the audit log, or the one before it, was changed or is missing."));
        return wrong is null ? 0 : 1;
    }
}
