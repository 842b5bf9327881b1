using Bayou.Access;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Users;

/// <summary>Somebody who was invited.</summary>
/// <param name="Link">By which they choose a password, once; told this once. Null for somebody of another project: they sign in as there.</param>
internal sealed record Invitation(int UserId, string Email, string Role, string? Link, DateTime? ExpiresAt);

/// <summary>The roles of people in a project.</summary>
internal static class MemberEndpoints
{
    public static void MapMembers(this IEndpointRouteBuilder routes)
    {
        var members = routes.MapGroup("/projects/{project:int}/members").WithTags("People");
        members.MapGet("", UserList.GetAsync).IsRead().Needs(Permission.Admin)
            .Describe("ListMembers", "People whom the project knows, the newest first.", UserList.Spec);
        members.MapPost("", InviteAsync).Needs(Permission.Admin).WithName("Invite").WithSummary("Invites a person to a role, by a one-time link.")
            .WithMetadata(new BodySpec(RequestBody.Types, "Whom, to what.", typeof(InviteBody)));
        members.MapPut("/{id:int}", SetRoleAsync).Needs(Permission.Admin).WithName("SetRole").WithSummary("Sets a person's role.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The role; null for none.", typeof(RoleBody)));
        members.MapDelete("/{id:int}", RemoveAsync).Needs(Permission.Admin).WithName("RemoveMember").WithSummary("Takes a person's role away.");
    }

    private static async Task<Results<CreatedResult<Invitation>, ApiProblem>> InviteAsync(
        HttpContext http, RequestBody bodies, UserChanges changes, TimeProvider time, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<InviteBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(UserRules.Email(body.Email), body.Name is null ? null : UserRules.Name(body.Name), RoleError(body.Role)))
            is not null)
        {
            return problem!;
        }

        if (http.Caller()!.Kind == CallerKind.Open)
        {
            return new ApiProblem(StatusCodes.Status409Conflict, "CONFLICT", "Make the first administrator first, by POST /auth/first: they invite others.");
        }

        if (UserChanges.KeyProblem(http) is { } forbidden)
        {
            return forbidden;
        }

        Invitation? made = null;
        var project = http.Project();
        var (_, refused) = await changes.MakeAsync(http, async connection =>
        {
            if (RoleProblem(http, body.Role) is { } tooMuch)
            {
                return (null, tooMuch);
            }

            var isNew = await UserStore.AddAsync(connection, project, body.Name ?? body.Email!.Split('@')[0], null, body.Email, isOwner: false, ct);
            var id = isNew ?? (await UserStore.OfEmailAsync(connection, body.Email!, ct))!.Value;
            var known = (await UserStore.FindAsync(connection, project, id, ct, anywhere: true))!;
            if (known.Role is not null)
            {
                return (null, new(StatusCodes.Status409Conflict, "CONFLICT",
                    $"This e-mail is that of {known.Name} (person {id}), who has a role here already: the list of people changes it.",
                    [new("email", $"is that of person {id}")]));
            }

            // Whoever else manages that person can become them, by a link: they would come in here too.
            if (isNew is null && !await UserChanges.ManagesAsync(connection, http.Caller()!, id, ct))
            {
                return (null, new(StatusCodes.Status403Forbidden, "FORBIDDEN", "This e-mail is somebody's of another project: an owner gives them a role here.",
                    [new("email", "is somebody's of another project")]));
            }

            await UserStore.SetRoleAsync(connection, project, id, body.Role, ct);
            await UserStore.VoidLinksAsync(connection, id, ct); // They were made for what that person was then.
            (string Token, DateTime ExpiresAt)? link = known.HasPassword ? null : await OneTimeLinks.MakeAsync(connection, id, time, ct);
            made = new(id, body.Email!, body.Role!, link is { } given ? SignInLink.Of(http, given.Token) : null, link?.ExpiresAt);
            return ((int?)id, null);
        }, "person.invite", ct);
        return refused is null ? new CreatedResult<Invitation>(made!) : refused;
    }

    private static async Task<Results<ApiResult<User>, ApiProblem>> SetRoleAsync(
        HttpContext http, int id, RequestBody bodies, UserChanges changes, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<RoleBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(body.Role is null ? null : RoleError(body.Role))) is not null)
        {
            return problem!;
        }

        return await UserChanges.ResultAsync(RoleAsync(http, id, body.Role, changes, ct));
    }

    private static async Task<Results<NoContent, ApiProblem>> RemoveAsync(HttpContext http, int id, UserChanges changes, CancellationToken ct)
    {
        var (_, problem) = await RoleAsync(http, id, null, changes, ct);
        return problem is null ? TypedResults.NoContent() : problem;
    }

    private static Task<(User? User, ApiProblem? Problem)> RoleAsync(HttpContext http, int id, string? role, UserChanges changes, CancellationToken ct) =>
        changes.ChangeAsync(http, id, "person.role", isAway: role != Permissions.OwnerRole, async (connection, user) =>
        {
            // As in an invitation; what they have here already they have by one.
            if ((RoleProblem(http, role) ?? (user.Role is null && role is not null && !await UserChanges.ManagesAsync(connection, http.Caller()!, id, ct)
                ? UserChanges.TooMuch : null)) is { } tooMuch)
            {
                return tooMuch;
            }

            await UserStore.SetRoleAsync(connection, http.Project(), id, role, ct);
            return null;
        }, ct, ofProject: true);

    private static FieldError? RoleError(string? role) => role == Permissions.OwnerRole || Permissions.Roles.Contains(role)
        ? null : new("role", $"must be one of {string.Join(", ", Permissions.Roles)}, {Permissions.OwnerRole}");

    /// <summary>Nobody makes somebody who may more than they may themselves.</summary>
    private static ApiProblem? RoleProblem(HttpContext http, string? role) => http.Caller()!.May.CoversRole(role) ? null : UserChanges.TooMuch;

    private sealed record InviteBody(string? Email, string? Name, string? Role) : IBody;

    private sealed record RoleBody(string? Role) : IBody;
}
