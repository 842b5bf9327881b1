using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Users;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Access;

/// <summary>A session of one's own.</summary>
/// <param name="IsThis">It is the one that asks.</param>
internal sealed record OwnSession(long Id, string Device, string Address, DateTime CreatedAt, DateTime LastUsedAt, bool IsThis);

/// <summary>Where people sign in and out.</summary>
internal static class SessionEndpoints
{
    public static void MapSession(this IEndpointRouteBuilder routes)
    {
        var session = routes.MapGroup("/session").WithTags("Access").IsDoor();
        session.MapPost("", ByTokenAsync).WithName("BeginSession").WithSummary("Shows the access token; a cookie stands for it from then on.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The token.", typeof(TokenBody)));
        session.MapDelete("", EndAsync).WithName("EndSession").WithSummary("Signs out, and forgets the cookie.");

        var auth = routes.MapGroup("/auth").WithTags("Access").IsDoor();
        auth.MapPost("/login", LoginAsync).WithName("SignIn")
            .WithSummary("Signs in with e-mail and password, and a code where a second factor asks for one. A page gets a cookie, all others tokens too.")
            .WithMetadata(new BodySpec(RequestBody.Types, "Who.", typeof(LoginBody)));
        auth.MapPost("/logout", EndAsync).WithName("SignOut").WithSummary("Signs out, and forgets the cookie.");
        auth.MapGet("/me", GetMe).WithName("Me").WithSummary("Who one is here, and may do.");
        auth.MapPost("/refresh", RefreshAsync).WithName("RefreshTokens")
            .WithSummary("Gives the next tokens for a refresh token, once: a second use ends the session.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The token.", typeof(RefreshBody)));

        var own = routes.MapGroup("/auth/sessions").WithTags("Access").Needs(Permission.Person);
        own.MapGet("", SessionsAsync).WithName("ListSessions").WithSummary("One's own sessions, the last used first.");
        own.MapDelete("/{session:long}", EndOneAsync).WithName("EndOneSession").WithSummary("Ends one of one's own sessions.");
    }

    private static async Task<Results<ApiResult<Me>, ApiProblem>> ByTokenAsync(
        HttpContext http, RequestBody bodies, NpgsqlDataSource db, SignInLimits limits, AccessToken token, WhoAmI who, TimeProvider time,
        CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<TokenBody>(http, bodies, ct);
        if (body is null)
        {
            return problem!;
        }

        if (await limits.TakeAsync(http, "token", ct) is { } wait)
        {
            return SignInProblems.TooMany(wait);
        }

        if (token.IsRequired && !token.Is(body.Token ?? ""))
        {
            await AuditAsync(db, http, new("sign_in.fail", "token", null), ct);
            return new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", "This is not the access token.",
                [new("token", "is not the one that the server was started with")]);
        }

        await limits.ForgetAsync(http, "token", ct);
        if (token.IsRequired)
        {
            await AuditAsync(db, http, new("sign_in", "token", null), ct);
            SessionCookie.Set(http, token.CookieOf(time.GetUtcNow()));
        }

        return new ApiResult<Me>(who.Of(token.IsRequired ? Caller.Token : http.Caller()));
    }

    private static async Task<Results<ApiResult<SignedIn>, ApiProblem>> LoginAsync(
        HttpContext http, RequestBody bodies, SignIn signIn, SignInLimits limits, WhoAmI who, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<LoginBody>(http, bodies, ct);
        body = body is null ? null : body with { Email = body.Email?.Trim() };
        if (body is null || (problem = ApiProblem.Of(UserRules.Email(body.Email), body.Password is null ? new("password", "is missing") : null)) is not null)
        {
            return problem!;
        }

        if (await limits.TakeAsync(http, body.Email!, ct) is { } wait)
        {
            return SignInProblems.TooMany(wait);
        }

        var outcome = await signIn.ByPasswordAsync(http, body.Email!, body.Password!, body.Code, ct);
        if (outcome.Session is not { } session)
        {
            return SignInProblems.Of(outcome) ?? new(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", "The e-mail or the password is not right.");
        }

        await limits.ForgetAsync(http, body.Email!, ct);
        return await who.SignedInAsync(http, session, ct);
    }

    private static async Task<Results<ApiResult<Tokens>, ApiProblem>> RefreshAsync(
        HttpContext http, RequestBody bodies, RefreshTokens tokens, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<RefreshBody>(http, bodies, ct);
        return body is null ? problem!
            : await tokens.NextAsync(http, body.RefreshToken ?? "", ct) is { } next ? new ApiResult<Tokens>(next)
            : new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED",
                "The refresh token is not known, was used before, or its session has ended. Sign in again.");
    }

    private static async Task<Results<ApiResult<Me>, ApiProblem>> EndAsync(
        HttpContext http, SignIn signIn, AccessBook book, WhoAmI who, CancellationToken ct)
    {
        if (http.Caller() is null && http.Request.Headers.Authorization.Count > 0)
        {
            return new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED",
                "Nothing has ended: the access token was not made here, has expired, or its session has ended already.");
        }

        if (http.Caller() is { Kind: CallerKind.Person } caller)
        {
            await signIn.EndAsync(http, caller.Id, caller.Session, ct);
        }

        SessionCookie.Delete(http);
        return new ApiResult<Me>(who.Of(book.IsOpen ? Caller.Open : null));
    }

    private static ApiResult<Me> GetMe(HttpContext http, WhoAmI who) => new(who.Of(http.Caller()));

    private static async Task<ApiResult<IEnumerable<OwnSession>>> SessionsAsync(HttpContext http, NpgsqlDataSource db, CancellationToken ct)
    {
        var caller = http.Caller()!;
        await using var command = db.CreateCommand("""
            SELECT id, device, address, created_at, last_used_at FROM sessions
             WHERE user_id = $1 AND revoked_at IS NULL AND last_used_at > now() - $2 ORDER BY last_used_at DESC, id DESC LIMIT 100
            """);
        command.With(caller.Id, SignIn.Idle);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var sessions = new List<OwnSession>();
        while (await reader.ReadAsync(ct))
        {
            var id = reader.GetInt64(0);
            sessions.Add(new(id, reader.GetString(1), reader.GetString(2), reader.GetDateTime(3), reader.GetDateTime(4), id == caller.Session));
        }

        return new(sessions);
    }

    private static async Task<Results<NoContent, ApiProblem>> EndOneAsync(HttpContext http, long session, SignIn signIn, CancellationToken ct) =>
        await signIn.EndAsync(http, http.Caller()!.Id, session, ct) ? TypedResults.NoContent() : ApiProblem.NotFound("session");

    private static async Task AuditAsync(NpgsqlDataSource db, HttpContext http, Deed deed, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await AuditLog.AddAsync(connection, http, deed, ct, Caller.Token);
        await transaction.CommitAsync(ct);
    }

    private sealed record TokenBody(string? Token) : IBody;

    private sealed record LoginBody(string? Email, string? Password, string? Code) : IBody;

    private sealed record RefreshBody(string? RefreshToken) : IBody;
}
