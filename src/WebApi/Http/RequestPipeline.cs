using System.Diagnostics;
using Bayou.Database;
using Npgsql;

namespace Bayou.Http;

/// <summary>The trace id of a request: the caller's, else one of ours.</summary>
internal static class TraceIds
{
    public const string Header = "x-trace-id";
    private const int Longest = 128;

    public static string Of(HttpContext http) => http.TraceIdentifier;

    public static void Assign(HttpContext http)
    {
        var given = http.Request.Headers[Header].ToString();
        http.TraceIdentifier = given.Length is > 0 and <= Longest && given.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? given
            : (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToString();
        http.Response.Headers[Header] = http.TraceIdentifier;
    }
}

/// <summary>What every response has and every failure becomes.</summary>
internal sealed partial class RequestPipeline(
    RequestDelegate next, HostNames hosts, RefusedRequests refused, TimeProvider time, ILogger<RequestPipeline> logger)
{
    // The page needs inline styles (charts and components place themselves) and nothing from elsewhere.
    private const string ContentPolicy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>With scripts and styles of one other origin.</summary>
    public static string ContentPolicyWith(string origin) =>
        ContentPolicy.Replace("style-src 'self'", $"script-src 'self' {origin}; style-src 'self' {origin}", StringComparison.Ordinal);

    public async Task InvokeAsync(HttpContext http)
    {
        TraceIds.Assign(http);
        AddHeaders(http);
        using var scope = logger.BeginScope(new TraceScope(TraceIds.Of(http)));
        var started = time.GetTimestamp();
        await AnswerAsync(http);

        if (http.Response.StatusCode >= StatusCodes.Status400BadRequest)
        {
            refused.Count(http);
        }

        if (logger.IsEnabled(LogLevel.Debug))
        {
            var (request, milliseconds) = (RefusedRequests.SampleOf(http.Request), time.GetElapsedTime(started).TotalMilliseconds);
            Answered(request, http.Response.StatusCode, milliseconds);
        }
    }

    private async Task AnswerAsync(HttpContext http)
    {
        if (!hosts.Allows(http.Request.Host) && !IsProbe(http.Request.Path))
        {
            await new ApiProblem(StatusCodes.Status421MisdirectedRequest, "MISDIRECTED_REQUEST", "This server does not answer for that host.",
                [new("host", "is not one of this server's names; see BAYOU_ALLOWED_HOSTS")]).ExecuteAsync(http);
            return;
        }

        try
        {
            await next(http);
            if (http.Response is { StatusCode: >= 400, HasStarted: false, ContentLength: null, ContentType: null })
            {
                await ApiProblem.OfStatus(http.Response.StatusCode).ExecuteAsync(http);
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            if (!http.Response.HasStarted)
            {
                http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest; // Nobody is left to read an answer.
            }
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            await ProblemOf(e).ExecuteAsync(http);
        }
    }

    /// <summary>Load balancers ask by address, and what they are told is no secret.</summary>
    private static bool IsProbe(PathString path) => path == "/health/liveness" || path == "/health/readiness";

    private ApiProblem ProblemOf(Exception e)
    {
        switch (e)
        {
            case BadHttpRequestException bad:
                return ApiProblem.OfStatus(bad.StatusCode);
            case var _ when DatabaseFailure.IsPassing(e):
                DatabaseAway(e);
                return ApiProblem.Unavailable("The database does not answer just now.");
            case PostgresException { SqlState: PostgresErrorCodes.UndefinedTable }:
                DatabaseAway(e); // A log segment, expired or sealed with others, whose table was dropped while a long query was reading its way there.
                return ApiProblem.Unavailable("What was asked for has changed meanwhile. Ask again.");
            default:
                Unexpected(e);
                return ApiProblem.OfStatus(StatusCodes.Status500InternalServerError);
        }
    }

    public static void AddHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.CacheControl = "no-store"; // The page's files say otherwise for themselves.
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        if (http.Request.IsHttps)
        {
            headers.StrictTransportSecurity = "max-age=31536000";
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{request} answered {status} in {milliseconds} ms")]
    private partial void Answered(string request, int status, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database did not answer")]
    private partial void DatabaseAway(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed unexpectedly")]
    private partial void Unexpected(Exception exception);

    /// <summary>Reads well in plain logs and is a field of its own in JSON ones.</summary>
    private sealed class TraceScope(string traceId) : List<KeyValuePair<string, object>>([new("trace_id", traceId)])
    {
        public override string ToString() => $"trace_id={traceId}";
    }
}

/// <summary>The names this server answers for; a page on another one must not reach it through a browser.</summary>
internal sealed class HostNames(IConfiguration configuration)
{
    public const string Key = "BAYOU_ALLOWED_HOSTS";

    private readonly HashSet<string> _names = new(
        (configuration[Key] is { Length: > 0 } names ? names : "localhost,127.0.0.1,[::1]")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        StringComparer.OrdinalIgnoreCase);

    public bool Allows(HostString host) => _names.Contains("*") || _names.Contains(host.Host);
}
