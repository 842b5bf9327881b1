using System.Text.Json;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Access;

internal sealed record Session(bool SignedIn);

/// <summary>Where the page shows the token once, and has a cookie from then on.</summary>
internal static class SessionEndpoints
{
    private const int MaxBody = 4 * 1024;
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>Slows down who guesses, and nobody else.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    public static void MapSession(this IEndpointRouteBuilder routes)
    {
        var session = routes.MapGroup("/session").WithTags("Access").WithMetadata(new OpenRoute());
        session.MapPost("", BeginAsync).WithName("BeginSession").WithSummary("Shows the access token; a cookie stands for it from then on.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The token.", typeof(SessionDoc)));
        session.MapDelete("", End).WithName("EndSession").WithSummary("Forgets the cookie.");
    }

    private static async Task<Results<ApiResult<Session>, ApiProblem>> BeginAsync(
        HttpContext http, RequestBody bodies, AccessToken token, TimeProvider time, CancellationToken ct)
    {
        var (body, unreadable) = await bodies.ReadAsync(http, MaxBody, ct);
        using var taken = body;
        if (taken is null)
        {
            return unreadable!;
        }

        if (TokenOf(taken.Bytes.Span) is not { } given)
        {
            return ApiProblem.Validation("The body cannot be used.", new FieldError("body", "must be a JSON object with token, a string"));
        }

        if (token.IsRequired && !token.Is(given))
        {
            await Task.Delay(Pause, time, ct);
            return new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", "This is not the access token.",
                [new("token", "is not the one that the server was started with")]);
        }

        if (token.IsRequired)
        {
            http.Response.Cookies.Append(AccessGate.CookieName, token.Cookie, Options(http, Lifetime));
        }

        return new ApiResult<Session>(new(SignedIn: true));
    }

    private static ApiResult<Session> End(HttpContext http)
    {
        http.Response.Cookies.Delete(AccessGate.CookieName, Options(http, TimeSpan.Zero));
        return new(new(SignedIn: false));
    }

    // Strict: no other site's page can make a browser send it.
    private static CookieOptions Options(HttpContext http, TimeSpan lifetime) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", MaxAge = lifetime, IsEssential = true };

    /// <returns>Null where the body is none.</returns>
    private static string? TokenOf(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize<SessionDoc>(body, JsonSerializerOptions.Web)?.Token ?? "";
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record SessionDoc(string? Token) : IBody;
}
