using Bayou.Http;

namespace Bayou.Access;

/// <summary>
/// A page of another site must not change anything here, token or none: a browser sends some requests of any page without asking (a form, a beacon, a
/// fetch with <c>no-cors</c>), and with them whatever cookie it has. Browsers say of each which page it is of (Fetch Metadata Request Headers); where
/// they do not, over plain HTTP, there is the <c>Origin</c>.
/// </summary>
internal sealed class OriginGate(RequestDelegate next, AllowedOrigins allowed, AccessBook book)
{
    // A cookie is for our own page alone, whatever other origins may call.
    public Task InvokeAsync(HttpContext http) =>
        IsSafe(http.Request.Method) || IsOurs(http.Request)
            || (Has(http.Request.Headers.Origin.ToString()) && (Callers.HasKey(http.Request) || !http.Request.Cookies.ContainsKey(Callers.CookieName)))
            ? next(http)
            : new ApiProblem(StatusCodes.Status403Forbidden, "FORBIDDEN", "A page of another site may not change anything here.",
                [new("origin", $"is not this server's, nor in {AllowedOrigins.Key}")]).ExecuteAsync(http);

    private bool Has(string origin) => allowed.Has(origin) || book.AllowsOrigin(origin);

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static bool IsOurs(HttpRequest request) => request.Headers["Sec-Fetch-Site"].ToString() switch
    {
        "same-origin" or "none" => true,
        "" => IsNoPage(request.Headers.Origin.ToString()) || IsHere(request),
        _ => false,
    };

    /// <summary>Programs send no origin.</summary>
    private static bool IsNoPage(string origin) => origin.Length == 0;

    // By host and port alone: in front of us, something else may speak TLS.
    private static bool IsHere(HttpRequest request) =>
        Uri.TryCreate(request.Headers.Origin.ToString(), UriKind.Absolute, out var origin)
            && string.Equals(origin.Authority, WithoutDefaultPort(request.Host, origin), StringComparison.OrdinalIgnoreCase);

    private static string WithoutDefaultPort(HostString host, Uri origin) =>
        host.Port is { } port && new UriBuilder(origin) { Port = port }.Uri.IsDefaultPort ? host.Host : host.Value ?? "";
}

/// <summary>Origins, separated by commas, whose pages may call this API from a browser; none unless told.</summary>
internal sealed class AllowedOrigins(IConfiguration configuration)
{
    public const string Key = "BAYOU_CORS_ORIGINS";

    public string[] All { get; } = (configuration[Key] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public bool Has(string origin) => origin.Length > 0 && All.Contains(origin, StringComparer.OrdinalIgnoreCase);
}
