using Bayou.Http;
using Microsoft.Net.Http.Headers;

namespace Bayou.Access;

/// <summary>
/// Lets through who may: by <c>BAYOU_TOKEN</c> or an API key, as <c>Authorization: Bearer</c> or <c>x-api-key</c>, or by a cookie. Where nobody has signed up
/// and no token is set, everybody may. Open to all are the page's files, which say nothing, whether the server is alive and ready, and signing in.
/// </summary>
internal sealed class AccessGate(RequestDelegate next, Callers callers)
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
        var (caller, refusal) = await callers.FindAsync(http, http.RequestAborted);
        if (caller is null && !isOpen)
        {
            http.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
            await new ApiProblem(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", refusal).ExecuteAsync(http);
            return;
        }

        // What names no permission, as an address that there is not, is for whoever is known.
        if (!isOpen && endpoint?.Metadata.GetMetadata<NeededPermission>() is { } needed && (caller!.May & needed.Any) == Permission.None)
        {
            await Forbidden(needed.Any, caller).ExecuteAsync(http);
            return;
        }

        http.Features.Set(caller);
        await next(http);
    }

    private static ApiProblem Forbidden(Permission any, Caller caller)
    {
        var least = Permissions.Roles.FirstOrDefault(role => (Permissions.OfRole(role) & any) != Permission.None) ?? Permissions.OwnerRole;
        var scopes = string.Join(" or ", Permissions.Scopes.Where(scope => (Permissions.OfScopes([scope]) & any) != Permission.None));
        return new(StatusCodes.Status403Forbidden, "FORBIDDEN", caller.Kind == CallerKind.Key
            ? scopes.Length > 0 ? $"This needs a key with the scope {scopes}." : "This is for people who have signed in, not for keys."
            : any == Permission.Person ? "This is for people who have signed in." : $"This needs the role {least}.");
    }
}
