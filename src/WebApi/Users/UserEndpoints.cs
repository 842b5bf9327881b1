using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Users;

/// <summary>Somebody who was invited.</summary>
/// <param name="Link">By which they choose a password, once; told this once. Null for somebody of another project: they sign in as there.</param>
internal sealed record Invitation(int UserId, string Email, string Role, string? Link, DateTime? ExpiresAt);

internal static class UserEndpoints
{
    private static readonly QuerySpec Spec = new(ListQuery.Parameters,
    [
        new("id", "w.id", FieldType.Integer), new("name", "w.name", FieldType.Text), new("age", "w.age", FieldType.Integer),
        new("email", "w.email", FieldType.Text), new("role", UserStore.Role, FieldType.Text), new("created_at", "w.created_at", FieldType.Time),
        new("updated_at", "w.updated_at", FieldType.Time), new("disabled_at", "w.disabled_at", FieldType.Time),
        new("last_sign_in_at", "w.last_sign_in_at", FieldType.Time),
    ]);

    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        var users = routes.MapGroup("/api/v1/users").WithTags("People");
        users.MapGet("", ListAsync).IsRead().Needs(Permission.Admin).Describe("ListUsers", "People, the newest first.", Spec);
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

        var members = routes.MapGroup("/projects/{project:int}/members").WithTags("People");
        members.MapGet("", ListAsync).IsRead().Needs(Permission.Admin).Describe("ListMembers", "People whom the project knows, the newest first.", Spec);
        members.MapPost("", InviteAsync).Needs(Permission.Admin).WithName("Invite").WithSummary("Invites a person to a role, by a one-time link.")
            .WithMetadata(new BodySpec(RequestBody.Types, "Whom, to what.", typeof(InviteBody)));
        members.MapPut("/{id:int}", SetRoleAsync).Needs(Permission.Admin).WithName("SetRole").WithSummary("Sets a person's role.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The role; null for none.", typeof(RoleBody)));
        members.MapDelete("/{id:int}", RemoveAsync).Needs(Permission.Admin).WithName("RemoveMember").WithSummary("Takes a person's role away.");
    }

    private static async Task<Results<ApiResult<IEnumerable<User>, ListMetadata>, ApiProblem>> ListAsync(
        HttpContext http, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = new FilterSql();
        var project = filter.Parameter(query.Project); // $1, in all statements
        var known = UserStore.IsKnownIn(project);
        filter.AddSql($"w.deleted_at IS NULL AND {known}");
        var list = new ListQuery(query, Spec, filter, "w.id DESC", "w.name || ' ' || coalesce(w.email, '')");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (list.After is { } after)
        {
            var feed = new TableFeed<User>(
                token => EndAsync(db, query.Project, token), (_, most, token) => RowsAsync(db, filter, "w.id", most, 0, token), row => row.Id, time);
            return await Feed.PageAsync<User, ListMetadata>(feed, after, list.Limit, ct);
        }

        var (newest, _) = await EndAsync(db, query.Project, ct);
        var rows = await RowsAsync(db, filter, list.OrderBy, list.Limit, list.Offset, ct);
        var count = await ListQuery.CountAsync(db, UserStore.From(project), filter, ct);
        return new ApiResult<IEnumerable<User>, ListMetadata>(rows, ListMetadata.Of(list, count, newest));
    }

    private static async Task<List<User>> RowsAsync(NpgsqlDataSource db, FilterSql filter, string orderBy, int limit, long offset, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            $"SELECT {UserStore.Columns} {UserStore.From("$1")} WHERE {filter.Where} ORDER BY {orderBy} LIMIT {limit} OFFSET {offset}");
        filter.Bind(command.Parameters);
        var rows = new List<User>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            rows.Add(await UserStore.ReadAsync(reader, ct));
        }

        return rows;
    }

    /// <summary>People are made one at a time, so their ids become visible in order.</summary>
    private static async Task<FeedEnd> EndAsync(NpgsqlDataSource db, int project, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT coalesce((SELECT max(w.id) {UserStore.From("$1")} WHERE {UserStore.IsKnownIn("$1")}), 0)::bigint, (SELECT last_value FROM users_id_seq)
            """);
        command.With(project);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt64(0), reader.GetInt64(1));
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

        if (body.Email is not null && KeyProblem(http) is { } forbidden)
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

        if ((body.Email is not null || body.HasSecondFactor is not null) && KeyProblem(http) is { } forbidden)
        {
            return forbidden;
        }

        if (body.HasSecondFactor is not null && http.Caller()!.Person == id)
        {
            return Oneself("Take your own second factor away by a code of it, under POST /auth/second-factor/remove.");
        }

        return await OfAsync(changes.ChangeAsync(http, id, "person.change", isAway: body.Disabled == true, async (connection, user) =>
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
        await OfAsync(changes.MakeAsync(http, async connection =>
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
        if (KeyProblem(http) is { } forbidden)
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

            var (token, expires) = await SignIn.LinkAsync(connection, id, time, ct);
            made = new(id, user.Email, user.Role ?? "", SignInLink.Of(http, token), expires);
            return null;
        }, ct);
        return problem is null ? new CreatedResult<Invitation>(made!) : problem;
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

        if (KeyProblem(http) is { } forbidden)
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
            (string Token, DateTime ExpiresAt)? link = known.HasPassword ? null : await SignIn.LinkAsync(connection, id, time, ct);
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

        return await OfAsync(RoleAsync(http, id, body.Role, changes, ct));
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

    private static async Task<Results<ApiResult<User>, ApiProblem>> OfAsync(Task<(User? User, ApiProblem? Problem)> change)
    {
        var (user, problem) = await change;
        return user is null ? problem! : new ApiResult<User>(user);
    }

    private static ApiProblem Taken => new(StatusCodes.Status409Conflict, "CONFLICT", "Somebody else has this e-mail.", [new("email", "is somebody else's")]);

    private static FieldError? RoleError(string? role) => role == Permissions.OwnerRole || Permissions.Roles.Contains(role)
        ? null : new("role", $"must be one of {string.Join(", ", Permissions.Roles)}, {Permissions.OwnerRole}");

    /// <summary>Nobody makes somebody who may more than they may themselves.</summary>
    private static ApiProblem? RoleProblem(HttpContext http, string? role) => http.Caller()!.May.CoversRole(role) ? null : UserChanges.TooMuch;

    /// <summary>Who opens a link, or has an e-mail that a provider knows, becomes a person: a key makes none, or it could outlive itself.</summary>
    private static ApiProblem? KeyProblem(HttpContext http) => http.Caller()!.Kind == CallerKind.Key
        ? new(StatusCodes.Status403Forbidden, "FORBIDDEN", "Ways in are made by people, not by keys: links, e-mails, second factors.") : null;

    /// <summary>A session that was stolen must not do without what its person has to show.</summary>
    private static ApiProblem Oneself(string how) => new(StatusCodes.Status403Forbidden, "FORBIDDEN", $"This is for others. {how}");

    private sealed record UserBody(string? Name, int? Age, string? Email) : IBody;

    /// <summary>What is changed of a person; null for what stays.</summary>
    private sealed record UserChange(string? Name, int? Age, string? Email, bool? Disabled, bool? HasSecondFactor) : IBody;

    private sealed record InviteBody(string? Email, string? Name, string? Role) : IBody;

    private sealed record RoleBody(string? Role) : IBody;
}
