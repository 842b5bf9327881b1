using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Bayou.Monitor.Capture;

/// <summary>What of a request passes by while it is answered.</summary>
internal sealed record RequestCapture(BodyTap Body, BodyTap Answer)
{
    public void Release()
    {
        Body.Release();
        Answer.Release();
    }
}

/// <summary>Picks the requests that are captured: those that fail, those that are slow for their route, and some of the rest.</summary>
internal sealed class Capturer(SendQueue<CapturedRequest> queue, IOptions<BayouOptions> options, TimeProvider time)
{
    /// <summary>Of requests that Bayou sends again, which are never captured.</summary>
    public const string ReplayHeader = "x-bayou-replay";

    private const int LongestError = 8_000;

    private readonly CaptureOptions _options = options.Value.Capture;
    private readonly ConditionalWeakTable<Endpoint, RouteLatency> _latencies = [];
    private readonly CaptureLimit _failed = new(options.Value.Capture.PerSecond, time);
    private readonly CaptureLimit _slow = new(options.Value.Capture.PerSecond, time);
    private readonly CaptureLimit _rest = new(options.Value.Capture.PerSecond, time);

    /// <returns>Null where it is not to be captured, whatever becomes of it.</returns>
    public RequestCapture? Begin(HttpContext http) => _options.Enabled && !http.Request.Headers.ContainsKey(ReplayHeader)
        ? new(new(http, isAnswer: false, _options.MaxBodyBytes), new(http, isAnswer: true, _options.MaxBodyBytes)) : null;

    /// <summary>Keeps the request, now finished, if it is one to be captured.</summary>
    public void End(HttpContext http, RequestCapture capture, in RequestObservation observed, Endpoint? endpoint, Exception? failure)
    {
        var isAnswered = failure is null; // What a server makes of an exception is not seen here.
        failure ??= http.Features.Get<IExceptionHandlerFeature>()?.Error;
        if (!IsPicked(observed, endpoint, failure) || _options.Should?.Invoke(http) == false)
        {
            return;
        }

        var error = failure?.ToString();
        queue.Add(new(
            http.Request.Method, observed.Route, TargetOf(http), CapturedRequest.Copy(http.Request.Headers), capture.Body.Take(), observed.Status,
            isAnswered ? CapturedRequest.Copy(http.Response.Headers) : [],
            !isAnswered ? CapturedBody.Unknown : HttpMethods.IsHead(http.Request.Method) ? CapturedBody.None : capture.Answer.Take(),
            error?.Length > LongestError ? error[..LongestError] : error, observed.DurationMicros, observed.UnixMilliseconds, observed.TraceId,
            _options.User(http), observed.Address?.ToString()));
    }

    private bool IsPicked(in RequestObservation observed, Endpoint? endpoint, Exception? failure)
    {
        var isSlow = endpoint is not null && _latencies.GetValue(endpoint, static _ => new()).IsSlow(observed.DurationMicros);
        return _options.Share >= 1
            || (observed.Status >= StatusCodes.Status500InternalServerError || failure is not null ? _failed.TryTake()
            : (isSlow && _slow.TryTake()) || (_options.Share > 0 && Random.Shared.NextDouble() < _options.Share && _rest.TryTake()));
    }

    /// <summary>As it was sent, where the server knows: what is decoded cannot be sent again.</summary>
    private static string TargetOf(HttpContext http) => http.Features.Get<IHttpRequestFeature>()?.RawTarget is ['/', ..] raw
        ? raw : $"{http.Request.PathBase.ToUriComponent()}{http.Request.Path.ToUriComponent()}{http.Request.QueryString.ToUriComponent()}";
}

/// <summary>How many there may be in a second.</summary>
internal sealed class CaptureLimit(int perSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _second;
    private int _taken;

    public bool TryTake()
    {
        var second = time.GetUtcNow().ToUnixTimeSeconds();
        lock (_gate)
        {
            (_second, _taken) = (second, second == _second ? _taken + 1 : 1);
            return _taken <= perSecond;
        }
    }
}
