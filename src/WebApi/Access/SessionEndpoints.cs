using System.Globalization;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Bayou.Users;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Access;

/// <summary>A session of one's own.</summary>
/// <param name="IsThis">It is the one that asks.</param>
internal sealed record OwnSession(long Id, string Device, string Address, DateTime CreatedAt, DateTime LastUsedAt, bool IsThis);

/// <summary>The person that a one-time link is for.</summary>
internal sealed record LinkAnswer(string Email);

/// <summary>Where people sign in and out.</summary>
internal static class SessionEndpoints
{
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddOptions<AccessOptions>().BindConfiguration(AccessOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        return services
            .AddSingleton<RateLimits>()
            .AddSingleton<Func<string, IRateLeaseGrain>>(provider => of => provider.GetRequiredService<IGrainFactory>().GetGrain<IRateLeaseGrain>(of))
            .AddSingleton<AccessToken>()
            .AddSingleton<Passwords>()
            .AddSingleton<FirstOwner>()
            .AddSingleton<SignInLimits>()
            .AddSingleton<SignIn>()
            .AddSingleton<AccessBook>()
            .AddSingleton<Callers>()
            .AddSingleton<WhoAmI>()
            .AddScoped<CurrentProject>()
            .AddHostedService(provider => provider.GetRequiredService<AccessBook>());
    }

    public static void MapSession(this IEndpointRouteBuilder routes)
    {
        var session = routes.MapGroup("/session").WithTags("Access").IsDoor();
        session.MapPost("", ByTokenAsync).WithName("BeginSession").WithSummary("Shows the access token; a cookie stands for it from then on.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The token.", typeof(TokenBody)));
        session.MapDelete("", EndAsync).WithName("EndSession").WithSummary("Signs out, and forgets the cookie.");

        var auth = routes.MapGroup("/auth").WithTags("Access").IsDoor();
        auth.MapPost("/login", LoginAsync).WithName("SignIn").WithSummary("Signs in with e-mail and password; a cookie stands for it from then on.")
            .WithMetadata(new BodySpec(RequestBody.Types, "Who.", typeof(LoginBody)));
        auth.MapPost("/logout", EndAsync).WithName("SignOut").WithSummary("Signs out, and forgets the cookie.");
        auth.MapGet("/me", GetMe).WithName("Me").WithSummary("Who one is here, and may do.");
        auth.MapPost("/first", FirstAsync).WithName("FirstOwner").WithSummary("Makes the first administrator; from then on everything needs a person or a key.")
            .WithMetadata(new BodySpec(RequestBody.Types, "Who.", typeof(FirstBody)));
        auth.MapPost("/link", LinkAsync).WithName("ReadLink").WithSummary("Whom a one-time link is for.")
            .WithMetadata(new BodySpec(RequestBody.Types, "What the link holds.", typeof(LinkBody)));
        auth.MapPost("/password", PasswordAsync).WithName("SetPassword")
            .WithSummary("Sets a password: by a one-time link, or one's own by the present one. All other sessions end.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The new password, and what allows it.", typeof(PasswordBody)));

        var own = routes.MapGroup("/auth/sessions").WithTags("Access").Needs(Permission.Person);
        own.MapGet("", SessionsAsync).WithName("ListSessions").WithSummary("One's own sessions, the last used first.");
        own.MapDelete("/{session:long}", EndOneAsync).WithName("EndOneSession").WithSummary("Ends one of one's own sessions.");
    }

    private static async Task<Results<ApiResult<Me>, ApiProblem>> ByTokenAsync(
        HttpContext http, RequestBody bodies, NpgsqlDataSource db, SignInLimits limits, AccessToken token, WhoAmI who, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<TokenBody>(http, bodies, ct);
        if (body is null)
        {
            return problem!;
        }

        if (await limits.TakeAsync(http, "token", ct) is { } wait)
        {
            return TooMany(wait);
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
            SetCookie(http, token.Cookie);
        }

        return new ApiResult<Me>(who.Of(token.IsRequired ? Caller.Token : http.Caller()));
    }

    private static async Task<Results<ApiResult<Me>, ApiProblem>> LoginAsync(
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
            return TooMany(wait);
        }

        if (await signIn.ByPasswordAsync(http, body.Email!, body.Password!, ct) is not { } cookie)
        {
            return new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", "The e-mail or the password is not right.");
        }

        await limits.ForgetAsync(http, body.Email!, ct);
        return await SignedInAsync(http, cookie, who, ct);
    }

    private static async Task<Results<ApiResult<Me>, ApiProblem>> FirstAsync(
        HttpContext http, RequestBody bodies, SignIn signIn, AccessBook book, WhoAmI who, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<FirstBody>(http, bodies, ct);
        if (body is null
            || (problem = ApiProblem.Of(UserRules.Name(body.Name), UserRules.Email(body.Email), Passwords.Check(body.Password, body.Email))) is not null)
        {
            return problem!;
        }

        if (book.HasPeople)
        {
            return HasOwner;
        }

        if (http.Caller()?.IsOwner != true)
        {
            return new ApiProblem(StatusCodes.Status403Forbidden, "FORBIDDEN", "Only whoever has the access token makes the first administrator.");
        }

        return await signIn.FirstAsync(http, body.Name!, body.Email!, body.Password!, ct) is { } cookie
            ? await SignedInAsync(http, cookie, who, ct)
            : HasOwner;
    }

    private static async Task<Results<ApiResult<LinkAnswer>, ApiProblem>> LinkAsync(HttpContext http, RequestBody bodies, SignIn signIn, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<LinkBody>(http, bodies, ct);
        return body is null ? problem! : await signIn.EmailOfLinkAsync(body.Token ?? "", ct) is { } email ? new ApiResult<LinkAnswer>(new(email)) : DeadLink;
    }

    private static async Task<Results<ApiResult<Me>, ApiProblem>> PasswordAsync(
        HttpContext http, RequestBody bodies, SignIn signIn, SignInLimits limits, Passwords passwords, WhoAmI who, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<PasswordBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(Passwords.Check(body.Password, null))) is not null)
        {
            return problem!;
        }

        if (body.Token is { } link)
        {
            // Looked at first: nobody without a link has a password hashed.
            return await signIn.EmailOfLinkAsync(link, ct) is not { } email ? DeadLink
                : ApiProblem.Of(Passwords.Check(body.Password, email)) is { } likeEmail ? likeEmail
                : await signIn.ByLinkAsync(http, link, await passwords.HashAsync(body.Password!, ct), ct) is not { } begun ? DeadLink
                : await AfterLinkAsync(http, limits, email, begun, who, ct);
        }

        if (http.Caller() is not { Kind: CallerKind.Person } caller)
        {
            return new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", "Sign in first, or use a one-time link.");
        }

        if (await limits.TakeAsync(http, caller.Actor, ct) is { } wait)
        {
            return TooMany(wait);
        }

        return await signIn.ChangeAsync(http, caller, body.Current ?? "", body.Password!, ct) is { } cookie
            ? await SignedInAsync(http, cookie, who, ct)
            : ApiProblem.Validation("current is not the present password.", new FieldError("current", "is not the present password"));
    }

    /// <summary>Whoever had a link may have mistyped the former password often before.</summary>
    private static async Task<ApiResult<Me>> AfterLinkAsync(
        HttpContext http, SignInLimits limits, string email, string cookie, WhoAmI who, CancellationToken ct)
    {
        await limits.ForgetAsync(http, email, ct);
        return await SignedInAsync(http, cookie, who, ct);
    }

    private static async Task<ApiResult<Me>> EndAsync(HttpContext http, SignIn signIn, AccessBook book, WhoAmI who, CancellationToken ct)
    {
        if (http.Caller() is { Kind: CallerKind.Person } caller)
        {
            await signIn.EndAsync(http, caller.Id, caller.Session, ct);
        }

        http.Response.Cookies.Delete(Callers.CookieName, Cookie(http, TimeSpan.Zero));
        return new(who.Of(book.IsOpen ? Caller.Open : null));
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

    private static ApiProblem HasOwner => new(StatusCodes.Status409Conflict, "CONFLICT",
        "There is an administrator already, or one has a link to come in by. They can invite others; ./bayou admin EMAIL makes another link.");

    private static ApiProblem TooMany(TimeSpan wait) =>
        new(StatusCodes.Status429TooManyRequests, "TOO_MANY_ATTEMPTS",
            string.Create(CultureInfo.InvariantCulture, $"Too many attempts to sign in. Try again in {Math.Ceiling(wait.TotalMinutes)} min."),
            RetryAfter: wait);

    private static async Task AuditAsync(NpgsqlDataSource db, HttpContext http, Deed deed, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await AuditLog.AddAsync(connection, http, deed, ct, Caller.Token);
        await transaction.CommitAsync(ct);
    }

    private static ApiProblem DeadLink =>
        new(StatusCodes.Status410Gone, "GONE", "This link is not known, was used, or has expired. Ask an administrator for another.");

    private static async Task<ApiResult<Me>> SignedInAsync(HttpContext http, string cookie, WhoAmI who, CancellationToken ct)
    {
        SetCookie(http, cookie);
        return new(await who.OfSessionAsync(http, cookie, ct));
    }

    private static void SetCookie(HttpContext http, string value) => http.Response.Cookies.Append(Callers.CookieName, value, Cookie(http, SignIn.Longest));

    // Strict: no other site's page can make a browser send it.
    private static CookieOptions Cookie(HttpContext http, TimeSpan lifetime) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", MaxAge = lifetime, IsEssential = true };

    private sealed record TokenBody(string? Token) : IBody;

    private sealed record LinkBody(string? Token) : IBody;

    private sealed record LoginBody(string? Email, string? Password) : IBody;

    private sealed record FirstBody(string? Name, string? Email, string? Password) : IBody;

    private sealed record PasswordBody(string? Password, string? Current, string? Token) : IBody;
}
