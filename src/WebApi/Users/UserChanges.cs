using Bayou.Access;
using Bayou.Audit;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Users;

/// <summary>Changes people, one change at a time, each with its row in the audit log, and known to this node at once.</summary>
internal sealed class UserChanges(NpgsqlDataSource db, AccessBook book, Callers callers)
{
    /// <summary>Makes a person, or has one come back.</summary>
    /// <param name="make">The person's id, or why there is none.</param>
    public Task<(User? User, ApiProblem? Problem)> MakeAsync(
        HttpContext http, Func<NpgsqlConnection, Task<(int? Id, ApiProblem? Problem)>> make, string action, CancellationToken ct) =>
        CommitAsync(http, async connection =>
        {
            var (id, problem) = await make(connection);
            if (id is null)
            {
                return (null, problem);
            }

            var made = await UserStore.FindAsync(connection, http.Project(), id.Value, ct, anywhere: true);
            await AuditLog.AddAsync(connection, http, new(action, $"person:{id}", http.Project(), After: Told(made!)), ct);
            return (made, null);
        }, ct);

    /// <summary>Changes a person, or the role they have in the project.</summary>
    /// <param name="ofProject">Only what they are in this project changes: then others' admins have no say in it.</param>
    /// <param name="isAway">Whether they would be no owner any more, or could not sign in: the last owner stays one.</param>
    /// <param name="change">Null, or why it is not made.</param>
    public Task<(User? User, ApiProblem? Problem)> ChangeAsync(
        HttpContext http, int id, string action, bool isAway, Func<NpgsqlConnection, User, Task<ApiProblem?>> change, CancellationToken ct,
        bool ofProject = false) =>
        CommitAsync(http, async connection =>
        {
            var (caller, project) = (http.Caller()!, http.Project()); // as it is by now
            if (await UserStore.FindAsync(connection, project, id, ct, anywhere: ofProject && caller.IsOwner) is not { } before)
            {
                return (null, ApiProblem.NotFound("person"));
            }

            if (!caller.May.CoversRole(before.Role) || !(ofProject || await ManagesAsync(connection, caller, id, ct)))
            {
                return (null, TooMuch);
            }

            if (isAway && await UserStore.IsLastOwnerAsync(connection, id, ct))
            {
                return (null, new(StatusCodes.Status409Conflict, "CONFLICT", "This is the last owner who can sign in; make another first."));
            }

            if (await change(connection, before) is { } problem)
            {
                return (null, problem);
            }

            var after = await UserStore.FindAsync(connection, project, id, ct, anywhere: true);
            if (after is not { DisabledAt: null })
            {
                await UserStore.EndSessionsAsync(connection, id, ct); // Whoever comes back signs in anew.
            }

            if (after is not { DisabledAt: null } || after.Role != before.Role || after.Email != before.Email)
            {
                await UserStore.VoidLinksAsync(connection, id, ct); // It was made for what they were then.
            }

            if (after is null || after.Email != before.Email)
            {
                await UserStore.RemoveLoginsAsync(connection, id, ct); // They were of whoever had that e-mail.
            }

            await AuditLog.AddAsync(connection, http, new(action, $"person:{id}", project, Told(before), after is null ? null : Told(after)), ct);
            return (after ?? before, null);
        }, ct);

    /// <summary>Nobody changes somebody who may more, nor makes somebody so.</summary>
    public static ApiProblem TooMuch =>
        new(StatusCodes.Status403Forbidden, "FORBIDDEN", "This is for somebody who may at least as much as that person, in all of their projects.");

    /// <summary>Whether a caller is an admin of every project that a person has a role in, or was made in.</summary>
    public static async Task<bool> ManagesAsync(NpgsqlConnection connection, Caller caller, int id, CancellationToken ct) =>
        (await UserStore.ProjectsAsync(connection, id, ct)).All(caller.IsAdminOf);

    /// <summary>Who opens a link, or has an e-mail that a provider knows, becomes a person: a key makes none, or it could outlive itself.</summary>
    public static ApiProblem? KeyProblem(HttpContext http) => http.Caller()!.Kind == CallerKind.Key
        ? new(StatusCodes.Status403Forbidden, "FORBIDDEN", "Ways in are made by people, not by keys: links, e-mails, second factors.") : null;

    /// <summary>What a change is answered with.</summary>
    public static async Task<Results<ApiResult<User>, ApiProblem>> ResultAsync(Task<(User? User, ApiProblem? Problem)> change)
    {
        var (user, problem) = await change;
        return user is null ? problem! : new ApiResult<User>(user);
    }

    private async Task<(User? User, ApiProblem? Problem)> CommitAsync(
        HttpContext http, Func<NpgsqlConnection, Task<(User? User, ApiProblem? Problem)>> work, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await UserStore.LockAsync(connection, ct);
        await book.ChangedAsync(ct);
        if (!await callers.StillMayAsync(http, Permission.Admin, ct))
        {
            // It took a while to come in.
            return (null, SignInProblems.NoLonger);
        }

        var (user, problem) = await work(connection);
        if (problem is null)
        {
            await transaction.CommitAsync(ct);
            await book.ChangedAsync(ct);
        }

        return (user, problem);
    }

    private static object Told(User user) => new { user.Name, user.Age, user.Email, user.Role, user.DisabledAt, user.HasSecondFactor };
}
