using System.Diagnostics;
using System.Net;
using Bayou.Monitor.Capture;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Bayou.Monitor;

/// <summary>
/// Records each request when it has finished. It must be outermost to see the status that every failure becomes. Web
/// sockets and event streams are not recorded: they last as long as the client stays.
/// </summary>
internal sealed class RequestRecorder(
    RequestDelegate next, SendQueue<RequestObservation> queue, Capturer capturer, RouteNames routes, IOptions<BayouOptions> options, TimeProvider time,
    RateLimitedLog log)
{
    private const string UnknownCountry = "XX"; // as platforms say that they do not know

    private readonly BayouOptions _options = options.Value;
    private readonly string[] _countryHeaders = [.. options.Value.CountryHeaders];

    public async Task InvokeAsync(HttpContext http)
    {
        if (http.Features.Get<IEndpointFeature>() is RoutedEndpoint)
        {
            await next(http); // Recorded already: the pipeline runs again, or has two of these.
            return;
        }

        var started = time.GetTimestamp();
        var startedAt = time.GetUtcNow().ToUnixTimeMilliseconds();
        var traceId = Activity.Current?.TraceId;
        var capture = capturer.Begin(http);
        var response = CountResponse(http, capture?.Answer);
        var request = CountRequest(http, capture?.Body);
        if (request is null)
        {
            capture?.Body.End(); // There is none.
        }

        var routed = new RoutedEndpoint(http);
        http.Features.Set<IEndpointFeature>(routed);
        Exception? failure = null;
        try
        {
            await next(http);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            var elapsed = time.GetElapsedTime(started);
            try
            {
                if (response is not null)
                {
                    http.Features.Set(response.Inner);
                }

                if (request is not null && ReferenceEquals(http.Request.Body, request))
                {
                    http.Request.Body = request.Inner; // What is outside this may read it, too.
                }

                if (!LastsWithTheClient(http) && _options.ShouldRecord?.Invoke(http) != false)
                {
                    var observed = new RequestObservation(
                        RouteNames.Method(http.Request.Method), routes.Of(routed.First), Status(http, failure, response), (long)elapsed.TotalMicroseconds,
                        startedAt,
                        http.Request.ContentLength ?? request?.BytesRead ?? 0,
                        HttpMethods.IsHead(http.Request.Method) ? 0 : response?.Bytes ?? 0,
                        traceId?.ToHexString(), Country(http), Address(http));
                    queue.Add(observed);
                    if (capture is not null)
                    {
                        capturer.End(http, capture, observed, routed.First, failure);
                    }
                }
            }
            catch (Exception e)
            {
                log.NotRecorded(e); // The application must not fail because its monitor does.
            }
            finally
            {
                capture?.Release();
            }
        }
    }

    private static CountingBody? CountResponse(HttpContext http, BodyTap? tap)
    {
        if (http.Features.Get<IHttpResponseBodyFeature>() is not { } body)
        {
            return null;
        }

        var counting = new CountingBody(body, tap);
        http.Features.Set<IHttpResponseBodyFeature>(counting);
        return counting;
    }

    /// <summary>Only a chunked upload has to be counted; all others say how long they are.</summary>
    private static CountingStream? CountRequest(HttpContext http, BodyTap? tap)
    {
        if ((tap is null && http.Request.ContentLength is not null)
            || (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? http.Request.ContentLength > 0) == false)
        {
            return null;
        }

        var counting = new CountingStream(http.Request.Body, tap);
        http.Request.Body = counting;
        return counting;
    }

    private static bool LastsWithTheClient(HttpContext http) =>
        http.Response.StatusCode == StatusCodes.Status101SwitchingProtocols
        || http.WebSockets.IsWebSocketRequest
        || http.Response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;

    private static int Status(HttpContext http, Exception? failure, CountingBody? response)
    {
        if (http.RequestAborted.IsCancellationRequested && !IsComplete(http, response))
        {
            return StatusCodes.Status499ClientClosedRequest;
        }

        return failure switch
        {
            null => Math.Clamp(http.Response.StatusCode, 100, 599),
            BadHttpRequestException bad when !http.Response.HasStarted => bad.StatusCode,
            _ => StatusCodes.Status500InternalServerError,
        };
    }

    // A client that has all it was promised may leave; one that leaves before has given up.
    private static bool IsComplete(HttpContext http, CountingBody? response) =>
        http.Response.HasStarted && http.Response.ContentLength is { } length && response?.Bytes >= length;

    /// <summary>As it is once the application has read what proxies forward.</summary>
    private IPAddress? Address(HttpContext http) =>
        _options.SendClientAddress && http.Connection.RemoteIpAddress is { } address && !IPAddress.IsLoopback(address) ? address : null;

    private string? Country(HttpContext http)
    {
        foreach (var header in _countryHeaders)
        {
            var value = http.Request.Headers[header];
            if (value.Count == 1 && value[0] is { Length: 2 } code && char.IsAsciiLetter(code[0]) && char.IsAsciiLetterOrDigit(code[1])
                && !code.Equals(UnknownCountry, StringComparison.OrdinalIgnoreCase))
            {
                return code;
            }
        }

        return null;
    }
}
