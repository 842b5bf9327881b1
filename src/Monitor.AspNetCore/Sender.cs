using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Bayou.Monitor;

/// <summary>
/// Sends what waits, in the background. A batch keeps its bytes and its key until it is taken, so that trying again
/// counts nothing twice; meanwhile the queue takes what it can hold.
/// </summary>
internal sealed class Sender : BackgroundService
{
    private const string KeyHeader = "Idempotency-Key";
    private const string DroppedHeader = "x-bayou-dropped";

    /// <summary>Bayou remembers a key for 24 hours; a batch tried for longer might count twice.</summary>
    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(23);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private readonly ObservationQueue _queue;
    private readonly BayouOptions _options;
    private readonly BatchBody _body;
    private readonly TimeProvider _time;
    private readonly RateLimitedLog _log;
    private readonly MonitorMeter _meter;
    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly CancellationTokenSource _end = new();
    private readonly List<RequestObservation> _batch;
    private long _reportedDrops;

    public Sender(ObservationQueue queue, IOptions<BayouOptions> options, TimeProvider time, RateLimitedLog log, MonitorMeter meter)
    {
        _queue = queue;
        _options = options.Value;
        _body = new(_options.Service, _options.Version);
        (_time, _log, _meter) = (time, log, meter);
        _batch = new(_options.BatchSize);
        _address = new(_options.Url, _options.Url.AbsolutePath.TrimEnd('/') + "/ingest/v1/requests");

        // No trace of our own calls in the application's traces.
        _http = new(_options.Handler ?? new SocketsHttpHandler { ActivityHeadersPropagator = null, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }, _options.Handler is null)
        {
            Timeout = RequestTimeout,
        };
    }

    /// <summary>Sends what waits, for as long as the options allow, then lets the rest go and says so.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Complete();
        using var deadline = new CancellationTokenSource(_options.ShutdownTimeout, _time);
        await using var byDeadline = deadline.Token.Register(_end.Cancel);
        await using var byHost = cancellationToken.Register(_end.Cancel);
        await base.StopAsync(cancellationToken);
        var unsent = _queue.Count + _batch.Count;
        if (unsent > 0)
        {
            _log.NotDelivered(unsent);
        }
    }

    public override void Dispose()
    {
        _http.Dispose();
        _end.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!_end.IsCancellationRequested)
            {
                await _queue.SomeAsync();
                await WaitForMoreAsync();
                if (!_queue.Take(_batch))
                {
                    return;
                }

                await SendAsync();
                _batch.Clear();
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // What is left is told by StopAsync.
        }
    }

    private async Task WaitForMoreAsync()
    {
        using var enough = new CancellationTokenSource();
        var interval = Task.Delay(_options.BatchInterval, _time, enough.Token);
        await Task.WhenAny(_queue.EnoughAsync(), interval);
        await enough.CancelAsync();
    }

    private async Task SendAsync()
    {
        var body = _body.Of(_batch);
        var key = Guid.CreateVersion7().ToString();
        var dropped = _queue.Dropped - _reportedDrops;
        var began = _time.GetTimestamp();
        if (dropped > 0)
        {
            _log.Dropped(_queue.Dropped);
        }

        for (var attempt = 1; ; attempt++)
        {
            var (taken, reason, asked) = await TryAsync(body, key, dropped);
            if (taken)
            {
                _reportedDrops += dropped;
                return;
            }

            if (_time.GetElapsedTime(began) > KeyLife)
            {
                _log.Refused(_batch.Count, $"it could not be reached for {KeyLife.TotalHours} hours: {reason}");
                _meter.Refused.Add(_batch.Count);
                return;
            }

            _log.Unreachable(_options.Url, reason, _batch.Count + _queue.Count);
            await Task.Delay(RetryDelay.After(attempt, Random.Shared.NextDouble(), asked), _time, _end.Token);
        }
    }

    /// <returns>Whether the batch is done with: taken, or refused for good. Else why not, and how long the server asks to wait.</returns>
    private async Task<(bool Done, string Reason, TimeSpan? Asked)> TryAsync(byte[] body, string key, long dropped)
    {
        try
        {
            using var request = Request(body, key, dropped);
            using var response = await _http.SendAsync(request, _end.Token);
            if (response.StatusCode == HttpStatusCode.Accepted)
            {
                await TakenAsync(response);
                return (true, "", null);
            }

            var reason = $"{(int)response.StatusCode} {await MessageAsync(response)}";
            if (IsFinal(response.StatusCode))
            {
                _log.Refused(_batch.Count, reason);
                _meter.Refused.Add(_batch.Count);
                return (true, reason, null);
            }

            return (false, reason, RetryDelay.Asked(response.Headers.RetryAfter, _time.GetUtcNow()));
        }
        catch (Exception e) when (!_end.IsCancellationRequested)
        {
            return (false, e.GetBaseException().Message, null);
        }
    }

    // Such an answer will be the same however often this batch is sent. All others may come from something in front
    // of Bayou, or from a setting that is mended while the queue holds.
    private static bool IsFinal(HttpStatusCode status) => status is HttpStatusCode.BadRequest or HttpStatusCode.Conflict
        or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType;

    private async Task TakenAsync(HttpResponseMessage response)
    {
        using var answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(_end.Token), cancellationToken: _end.Token);
        var data = answer.RootElement.GetProperty("data");
        var rejected = data.GetProperty("rejected").GetInt64();
        _meter.Sent.Add(_batch.Count - rejected);
        if (rejected > 0)
        {
            var first = data.GetProperty("errors")[0];
            _log.Refused(rejected, $"{first.GetProperty("field").GetString()} {first.GetProperty("message").GetString()}");
            _meter.Refused.Add(rejected);
        }
    }

    private HttpRequestMessage Request(byte[] body, string key, long dropped)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _address)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json"), ContentEncoding = { "gzip" } } },
        };
        request.Headers.Add(KeyHeader, key);
        if (dropped > 0)
        {
            request.Headers.Add(DroppedHeader, dropped.ToString(CultureInfo.InvariantCulture));
        }

        if (_options.ApiKey is { Length: > 0 } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    private async Task<string> MessageAsync(HttpResponseMessage response)
    {
        const int Longest = 500;
        var text = await response.Content.ReadAsStringAsync(_end.Token);
        try
        {
            using var answer = JsonDocument.Parse(text);
            var error = answer.RootElement.GetProperty("error");
            var message = error.GetProperty("message").GetString() ?? "";
            return error.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Array && details.GetArrayLength() > 0
                ? $"{message} ({details[0].GetProperty("field").GetString()} {details[0].GetProperty("message").GetString()})"
                : message;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return text.Length > Longest ? text[..Longest] : text; // Not Bayou's own answer; whatever it says may help.
        }
    }
}
