using Bayou.Http;
using Bayou.Users;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Access;

/// <summary>The person that a one-time link is for.</summary>
internal sealed record LinkAnswer(string Email);

/// <summary>Where people choose passwords.</summary>
internal static class PasswordEndpoints
{
    public static void MapPasswords(this IEndpointRouteBuilder routes)
    {
        var auth = routes.MapGroup("/auth").WithTags("Access").IsDoor();
        auth.MapPost("/first", FirstAsync).WithName("FirstOwner").WithSummary("Makes the first administrator; from then on everything needs a person or a key.")
            .WithMetadata(new BodySpec(RequestBody.Types, "Who.", typeof(FirstBody)));
        auth.MapPost("/link", LinkAsync).WithName("ReadLink").WithSummary("Whom a one-time link is for.")
            .WithMetadata(new BodySpec(RequestBody.Types, "What the link holds.", typeof(LinkBody)));
        auth.MapPost("/password", PasswordAsync).WithName("SetPassword")
            .WithSummary("Sets a password: by a one-time link, or one's own by the present one. All other sessions end.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The new password, and what allows it.", typeof(PasswordBody)));
    }

    private static async Task<Results<ApiResult<SignedIn>, ApiProblem>> FirstAsync(
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

        return await signIn.FirstAsync(http, body.Name!, body.Email!, body.Password!, ct) is { } session
            ? await who.SignedInAsync(http, session, ct)
            : HasOwner;
    }

    private static async Task<Results<ApiResult<LinkAnswer>, ApiProblem>> LinkAsync(
        HttpContext http, RequestBody bodies, OneTimeLinks links, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<LinkBody>(http, bodies, ct);
        return body is null ? problem! : await links.FindAsync(body.Token ?? "", ct) is { } of ? new ApiResult<LinkAnswer>(new(of.Email)) : DeadLink;
    }

    private static async Task<Results<ApiResult<SignedIn>, ApiProblem>> PasswordAsync(
        HttpContext http, RequestBody bodies, SignIn signIn, OneTimeLinks links, SignInLimits limits, Passwords passwords, WhoAmI who, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<PasswordBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(Passwords.Check(body.Password, null))) is not null)
        {
            return problem!;
        }

        if (body.Token is { } link)
        {
            return await ByLinkAsync(http, body, link, links, limits, passwords, who, ct);
        }

        if (http.Caller() is not { Kind: CallerKind.Person } caller)
        {
            return new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", "Sign in first, or use a one-time link.");
        }

        if (await limits.TakeAsync(http, caller.Actor, ct) is { } wait)
        {
            return SignInProblems.TooMany(wait);
        }

        var (session, wrong) = await signIn.ChangeAsync(http, caller, body.Current ?? "", body.Password!, ct);
        return session is null ? ApiProblem.Of(wrong)! : await who.SignedInAsync(http, session, ct);
    }

    private static async Task<Results<ApiResult<SignedIn>, ApiProblem>> ByLinkAsync(
        HttpContext http, PasswordBody body, string link, OneTimeLinks links, SignInLimits limits, Passwords passwords, WhoAmI who, CancellationToken ct)
    {
        // Looked at first: nobody without a link has a password hashed.
        if (await links.FindAsync(link, ct) is not var (person, email, hasFactor))
        {
            return DeadLink;
        }

        if (ApiProblem.Of(Passwords.Check(body.Password, email)) is { } likeEmail)
        {
            return likeEmail;
        }

        if (hasFactor && body.Code is null)
        {
            return SignInProblems.Of(new(SignInState.NeedsCode))!;
        }

        if (hasFactor && await limits.TakeCodeAsync(person, ct) is { } wait)
        {
            return SignInProblems.TooMany(wait);
        }

        var outcome = await links.UseAsync(http, link, await passwords.HashAsync(body.Password!, ct), body.Code, ct);
        if (outcome.Session is not { } session)
        {
            return SignInProblems.Of(outcome) ?? DeadLink;
        }

        await limits.ForgetCodesAsync(person, ct);
        await limits.ForgetAsync(http, email, ct); // Whoever had a link may have mistyped the former password often before.
        return await who.SignedInAsync(http, session, ct);
    }

    private static ApiProblem HasOwner => new(StatusCodes.Status409Conflict, "CONFLICT",
        "There is an administrator already, or one has a link to come in by. They can invite others; ./bayou admin EMAIL makes another link.");

    private static ApiProblem DeadLink =>
        new(StatusCodes.Status410Gone, "GONE", "This link is not known, was used, or has expired. Ask an administrator for another.");

    private sealed record LinkBody(string? Token) : IBody;

    private sealed record FirstBody(string? Name, string? Email, string? Password) : IBody;

    private sealed record PasswordBody(string? Password, string? Current, string? Token, string? Code) : IBody;
}
