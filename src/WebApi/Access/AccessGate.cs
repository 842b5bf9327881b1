using System.Globalization;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Bayou.Access;

/// <summary>
/// Lets through who may: by <c>BAYOU_TOKEN</c> or an API key, as <c>Authorization: Bearer</c> or <c>x-api-key</c>, or by a cookie. Where nobody has signed up
/// and no token is set, everybody may. Open to all are the page's files, which say nothing, whether the server is alive and ready, and signing in.
/// </summary>
internal sealed class AccessGate(RequestDelegate next, Callers callers, AccessBook book, RateLimits rates, IOptions<AccessOptions> options)
{
    public async Task InvokeAsync(HttpContext http)
    {
        var endpoint = http.GetEndpoint();
        var open = endpoint?.Metadata.GetMetadata<OpenRoute>();
        if (open is { IsForAnybody: true })
        {
            await next(http); // Nothing is looked up for what is no secret.
            return;
        }

        var isOpen = open is not null;
        var (caller, refusal, isOtherProject) = await callers.FindAsync(http, http.RequestAborted);
        if (caller is null && !isOpen)
        {
            http.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
            await new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", refusal).ExecuteAsync(http);
            return;
        }

        if (isOtherProject && !isOpen)
        {
            await ApiProblem.NotFound("project").ExecuteAsync(http);
            return;
        }

        // What names no permission, as an address that there is not, is for whoever is known.
        if (!isOpen && endpoint?.Metadata.GetMetadata<NeededPermission>() is { } needed && (caller!.May & needed.Any) == Permission.None)
        {
            await Forbidden(needed.Any, caller).ExecuteAsync(http);
            return;
        }

        if (caller is { Kind: CallerKind.Key } && (TakeOne(http, caller, endpoint) ?? TakeOneOfProject(caller, endpoint)) is { } full)
        {
            await full.ExecuteAsync(http);
            return;
        }

        http.Features.Set(caller);
        if (caller?.Project is { } project)
        {
            http.RequestServices.GetRequiredService<CurrentProject>().Id = project;
        }

        await next(http);
    }

    private static bool IsSending(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<NeededPermission>()?.Any.HasFlag(Permission.Ingest) == true;

    /// <summary>Counts a request of a key, and says what is left (draft-ietf-httpapi-ratelimit-headers).</summary>
    /// <returns>That it is too much; null where it is let through.</returns>
    private ApiProblem? TakeOne(HttpContext http, Caller caller, Endpoint? endpoint)
    {
        var (policy, limit) = caller.Origins is not null ? ("browser", options.Value.BrowserRequestsPerMinute)
            : IsSending(endpoint) ? ("", 0)
            : ("requests", options.Value.RequestsPerMinute);
        if (limit == 0)
        {
            return null;
        }

        var left = rates.Take(string.Create(CultureInfo.InvariantCulture, $"key:{caller.Id}:{policy}"), limit);
        http.Response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"{policy}\";q={limit};w=60");
        http.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{policy}\";r={left.Left};t={left.Seconds}");
        return left.IsAllowed ? null : TooMany("This key", left);
    }

    /// <summary>Counts a request of a key for its whole project; people are not limited by what keys do.</summary>
    private ApiProblem? TakeOneOfProject(Caller caller, Endpoint? endpoint)
    {
        var project = book.Projects.Of(caller.Project!.Value);
        var (policy, most) = IsSending(endpoint) ? ("ingest", project?.IngestPerMinute) : ("queries", project?.QueriesPerMinute);
        return most is not { } limit
            || rates.Take(string.Create(CultureInfo.InvariantCulture, $"project:{caller.Project}:{policy}"), limit) is not { IsAllowed: false } left
            ? null : TooMany("This project", left);
    }

    private static ApiProblem TooMany(string who, RateLeft left) =>
        new(StatusCodes.Status429TooManyRequests, "TOO_MANY_REQUESTS", $"{who} may do no more in this minute.", RetryAfter: TimeSpan.FromSeconds(left.Seconds));

    private static ApiProblem Forbidden(Permission any, Caller caller)
    {
        var least = Permissions.Roles.FirstOrDefault(role => (Permissions.OfRole(role) & any) != Permission.None) ?? Permissions.OwnerRole;
        var scopes = string.Join(" or ", Permissions.Scopes.Where(scope => (Permissions.OfScopes([scope]) & any) != Permission.None));
        return new(StatusCodes.Status403Forbidden, "FORBIDDEN", caller.Kind == CallerKind.Key
            ? scopes.Length > 0 ? $"This needs a key with the scope {scopes}." : "This is for people who have signed in, not for keys."
            : any == Permission.Person ? "This is for people who have signed in."
            : $"This needs the role {least}{(scopes.Length > 0 ? $", or a key with the scope {scopes}" : "")}.");
    }
}
