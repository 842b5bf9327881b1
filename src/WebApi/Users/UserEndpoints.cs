using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Users;

internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        var users = routes.MapGroup("/api/v1/users").WithTags("People");
        users.MapGet("", UserList.GetAsync).IsRead().Needs(Permission.Admin).Describe("ListUsers", "People, the newest first.", UserList.Spec);
        users.MapGet("/{id:int}", GetAsync).Needs(Permission.Admin).WithName("GetUser").WithSummary("One person.");
        users.MapPost("", AddAsync).Needs(Permission.Admin).WithName("AddUser")
            .WithSummary("Adds a person, who has no role yet; one without an e-mail cannot sign in.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The person.", typeof(UserBody)));
        users.MapPatch("/{id:int}", ChangeAsync).Needs(Permission.Admin).WithName("ChangeUser")
            .WithSummary("Changes what is given of a person, and leaves the rest; one who is disabled cannot sign in.")
            .WithMetadata(new BodySpec(RequestBody.Types, "What changes.", typeof(UserChange)));
        users.MapDelete("/{id:int}", DeleteAsync).Needs(Permission.Admin).WithName("DeleteUser").WithSummary("Deletes a person, until restored.");
        users.MapPost("/{id:int}/restore", RestoreAsync).Needs(Permission.Admin).WithName("RestoreUser").WithSummary("Restores a person who was deleted.");
        users.MapPost("/{id:int}/link", LinkAsync).Needs(Permission.Admin).WithName("MakeLink")
            .WithSummary("Makes a one-time link by which a person chooses a password, who has none or has lost it.");
    }

    private static async Task<Results<ApiResult<User>, ApiProblem>> GetAsync(HttpContext http, int id, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        return await UserStore.FindAsync(connection, http.Project(), id, ct) is { } user ? new ApiResult<User>(user) : ApiProblem.NotFound("person");
    }

    private static async Task<Results<CreatedResult<User>, ApiProblem>> AddAsync(
        HttpContext http, RequestBody bodies, UserChanges changes, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<UserBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(
            UserRules.Name(body.Name), UserRules.Age(body.Age), body.Email is null ? null : UserRules.Email(body.Email))) is not null)
        {
            return problem!;
        }

        if (body.Email is not null && UserChanges.KeyProblem(http) is { } forbidden)
        {
            return forbidden;
        }

        var (user, refused) = await changes.MakeAsync(http, async connection =>
        {
            var id = await UserStore.AddAsync(connection, http.Project(), body.Name!, body.Age, body.Email, isOwner: false, ct);
            return id is null ? (null, Taken) : (id, null);
        }, "person.create", ct);
        return user is null ? refused! : new CreatedResult<User>(user);
    }

    private static async Task<Results<ApiResult<User>, ApiProblem>> ChangeAsync(
        HttpContext http, int id, RequestBody bodies, UserChanges changes, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<UserChange>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(body.Name is null ? null : UserRules.Name(body.Name), UserRules.Age(body.Age),
            body.Email is null ? null : UserRules.Email(body.Email))) is not null)
        {
            return problem!;
        }

        if (body.HasSecondFactor == true)
        {
            return ApiProblem.Validation(
                "has_second_factor can only be taken away.", new FieldError("has_second_factor", "must be false: each makes their own"));
        }

        if ((body.Email is not null || body.HasSecondFactor is not null) && UserChanges.KeyProblem(http) is { } forbidden)
        {
            return forbidden;
        }

        if (body.HasSecondFactor is not null && http.Caller()!.Person == id)
        {
            return Oneself("Take your own second factor away by a code of it, under POST /auth/second-factor/remove.");
        }

        return await UserChanges.ResultAsync(changes.ChangeAsync(http, id, "person.change", isAway: body.Disabled == true, async (connection, user) =>
        {
            if (body.HasSecondFactor == false)
            {
                await SecondFactors.RemoveAsync(connection, id, ct); // Whoever has lost the app and the codes.
            }

            if (body.Email is { } email && await UserStore.OfEmailAsync(connection, email, ct) is { } other && other != id)
            {
                return Taken;
            }

            await using var command = new NpgsqlCommand("""
                UPDATE users SET name = coalesce($2, name), age = coalesce($3::int, age), email = coalesce($4, email), updated_at = now(),
                       disabled_at = CASE $5::boolean WHEN true THEN coalesce(disabled_at, now()) WHEN false THEN NULL ELSE disabled_at END
                 WHERE id = $1
                """, connection);
            command.With(id, body.Name, body.Age, body.Email, body.Disabled);
            await command.ExecuteNonQueryAsync(ct);
            return null;
        }, ct));
    }

    private static async Task<Results<NoContent, ApiProblem>> DeleteAsync(HttpContext http, int id, UserChanges changes, CancellationToken ct)
    {
        var (_, problem) = await changes.ChangeAsync(http, id, "person.delete", isAway: true, async (connection, _) =>
        {
            await using var command = new NpgsqlCommand("UPDATE users SET deleted_at = now(), updated_at = now() WHERE id = $1", connection);
            command.With(id);
            await command.ExecuteNonQueryAsync(ct);
            return null;
        }, ct);
        return problem is null ? TypedResults.NoContent() : problem;
    }

    private static async Task<Results<ApiResult<User>, ApiProblem>> RestoreAsync(HttpContext http, int id, UserChanges changes, CancellationToken ct) =>
        await UserChanges.ResultAsync(changes.MakeAsync(http, async connection =>
        {
            var (caller, project) = (http.Caller()!, http.Project());
            await using var command = new NpgsqlCommand("""
                UPDATE users u SET deleted_at = NULL, updated_at = now() WHERE id = $1 AND deleted_at IS NOT NULL
                   AND ($2 OR NOT is_owner AND (project_id = $3 OR EXISTS (SELECT FROM members WHERE user_id = u.id AND project_id = $3)))
                   AND NOT EXISTS (SELECT FROM users o WHERE lower(o.email) = lower(u.email) AND o.deleted_at IS NULL)
                """, connection);
            command.With(id, caller.IsOwner, project);
            return await command.ExecuteNonQueryAsync(ct) == 0 ? (null, ApiProblem.NotFound("deleted person whom you may restore and whose e-mail is free"))
                : await UserChanges.ManagesAsync(connection, caller, id, ct) ? ((int?)id, null)
                : (null, UserChanges.TooMuch); // The transaction goes no further.
        }, "person.restore", ct));

    private static async Task<Results<CreatedResult<Invitation>, ApiProblem>> LinkAsync(
        HttpContext http, int id, UserChanges changes, TimeProvider time, CancellationToken ct)
    {
        if (UserChanges.KeyProblem(http) is { } forbidden)
        {
            return forbidden;
        }

        if (http.Caller()!.Person == id)
        {
            return Oneself("Change your own password by the present one, under POST /auth/password.");
        }

        Invitation? made = null;
        var (_, problem) = await changes.ChangeAsync(http, id, "person.link", isAway: false, async (connection, user) =>
        {
            if (user.Email is null)
            {
                return ApiProblem.Validation("This person has no e-mail, and cannot sign in.", new FieldError("email", "is missing"));
            }

            var (token, expires) = await OneTimeLinks.MakeAsync(connection, id, time, ct);
            made = new(id, user.Email, user.Role ?? "", SignInLink.Of(http, token), expires);
            return null;
        }, ct);
        return problem is null ? new CreatedResult<Invitation>(made!) : problem;
    }

    private static ApiProblem Taken => new(StatusCodes.Status409Conflict, "CONFLICT", "Somebody else has this e-mail.", [new("email", "is somebody else's")]);

    /// <summary>A session that was stolen must not do without what its person has to show.</summary>
    private static ApiProblem Oneself(string how) => new(StatusCodes.Status403Forbidden, "FORBIDDEN", $"This is for others. {how}");

    private sealed record UserBody(string? Name, int? Age, string? Email) : IBody;

    /// <summary>What is changed of a person; null for what stays.</summary>
    private sealed record UserChange(string? Name, int? Age, string? Email, bool? Disabled, bool? HasSecondFactor) : IBody;

}
