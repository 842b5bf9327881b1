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
internal sealed class Sender<T> : BackgroundService
{
    private const string KeyHeader = "Idempotency-Key";
    private const string DroppedHeader = "x-bayou-dropped";

    /// <summary>Bayou remembers a key for 24 hours; a batch tried for longer might count twice.</summary>
    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(23);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Between two tries while the application is being stopped.</summary>
    private static readonly TimeSpan LastPause = TimeSpan.FromMilliseconds(250);

    // By these, and not by a bare status, Bayou says that a batch will be refused however often it comes. All else may be the word of
    // something in front of it, or of a setting that is mended while the queue holds.
    private static readonly string[] FinalCodes = ["VALIDATION_ERROR", "CONFLICT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"];

    private readonly SendQueue<T> _queue;
    private readonly BayouOptions _options;
    private readonly IBatchBody<T> _body;
    private readonly TimeProvider _time;
    private readonly RateLimitedLog _log;
    private readonly MonitorMeter<T> _meter;
    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly CancellationTokenSource _end = new();
    private readonly List<T> _batch;
    private long _reportedDrops;

    public Sender(SendQueue<T> queue, IBatchBody<T> body, IOptions<BayouOptions> options, TimeProvider time, RateLimitedLog log, MonitorMeter<T> meter)
    {
        _queue = queue;
        _options = options.Value;
        _body = body;
        (_time, _log, _meter) = (time, log, meter);
        _batch = new(_options.BatchSize);
        _address = new(_options.Url, _options.Url.AbsolutePath.TrimEnd('/') + "/ingest/v1/" + body.Name);

        // No trace of our own calls in the application's traces.
        _http = new(_options.Handler ?? new SocketsHttpHandler { ActivityHeadersPropagator = null, PooledConnectionLifetime = TimeSpan.FromMinutes(5) },
            _options.Handler is null)
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

        // Not the host's token: whoever stopped before may have used up all its time.
        await base.StopAsync(_end.Token);
        var unsent = _queue.Count + _batch.Count;
        if (unsent > 0)
        {
            _log.NotDelivered(_body.Name, unsent);
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
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await _queue.SomeAsync();
                await WaitForMoreAsync();
                if (!_queue.Take(_batch))
                {
                    return;
                }

                await SendAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                return; // What is left is told by StopAsync.
            }
            catch (Exception e)
            {
                _log.Refused(_body.Name, _batch.Count, e.Message); // Whatever it is, it must not end the application.
            }

            _batch.Clear();
        }
    }

    private async Task WaitForMoreAsync()
    {
        using var enough = new CancellationTokenSource();
        var interval = Task.Delay(_options.BatchInterval, _time, enough.Token);
        await Task.WhenAny(_queue.EnoughAsync(), interval);
        await enough.CancelAsync();
    }

    private async Task SendAsync(CancellationToken stopping)
    {
        var body = BatchBody.Of(_body, _batch);
        var key = Guid.CreateVersion7().ToString();
        var dropped = _queue.Dropped - _reportedDrops;
        var began = _time.GetTimestamp();
        if (dropped > 0)
        {
            _log.Dropped(_body.Name, _queue.Dropped);
        }

        for (var attempt = 1; ; attempt++)
        {
            var (state, reason, asked) = await TryAsync(body, key, dropped);
            if (state == BatchState.Taken)
            {
                _reportedDrops += dropped;
                return;
            }

            if (state == BatchState.Refused)
            {
                _log.Refused(_body.Name, _batch.Count, reason);
                _meter.Refused.Add(_batch.Count);
                return;
            }

            if (_time.GetElapsedTime(began) > KeyLife)
            {
                _log.Refused(_body.Name, _batch.Count, $"it could not be reached for {KeyLife.TotalHours} hours: {reason}");
                _meter.Refused.Add(_batch.Count);
                return;
            }

            _log.Unreachable(_body.Name, _options.Url, reason, _batch.Count + _queue.Count);
            await PauseAsync(stopping.IsCancellationRequested ? LastPause : RetryDelay.After(attempt, Random.Shared.NextDouble(), asked), stopping);
        }
    }

    /// <summary>Waits; when the application stops meanwhile, no longer: there is little time left.</summary>
    private async Task PauseAsync(TimeSpan pause, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping.IsCancellationRequested ? CancellationToken.None : stopping, _end.Token);
        try
        {
            await Task.Delay(pause, _time, either.Token);
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            // Stopping: try at once.
        }
    }

    /// <returns>What became of the batch, why it was not taken, and how long the server asks to wait.</returns>
    private async Task<(BatchState State, string Reason, TimeSpan? Asked)> TryAsync(byte[] body, string key, long dropped)
    {
        try
        {
            using var request = Request(body, key, dropped);
            using var response = await _http.SendAsync(request, _end.Token);
            var text = await response.Content.ReadAsStringAsync(_end.Token);
            if (response.StatusCode == HttpStatusCode.Accepted)
            {
                CountTaken(text);
                return (BatchState.Taken, "", null);
            }

            var (code, message) = Error(text);
            return (FinalCodes.Contains(code) ? BatchState.Refused : BatchState.Open, $"{(int)response.StatusCode} {message}",
                RetryDelay.Asked(response.Headers.RetryAfter, _time.GetUtcNow()));
        }
        catch (Exception e) when (!_end.IsCancellationRequested)
        {
            return (BatchState.Open, e.GetBaseException().Message, null);
        }
    }

    /// <summary>A 202 says that the batch is safe, whatever else the answer holds.</summary>
    private void CountTaken(string text)
    {
        var rejected = 0L;
        try
        {
            using var answer = JsonDocument.Parse(text);
            var data = answer.RootElement.GetProperty("data");
            rejected = data.GetProperty("rejected").GetInt64();
            if (rejected > 0)
            {
                var first = data.GetProperty("errors")[0];
                _log.Refused(_body.Name, rejected, $"{first.GetProperty("field").GetString()} {first.GetProperty("message").GetString()}");
            }
        }
        catch (Exception e) when (IsNotOurs(e))
        {
            _log.Refused(_body.Name, 0, "the answer to a batch that was taken cannot be read");
        }

        _meter.Sent.Add(_batch.Count - rejected);
        _meter.Refused.Add(rejected);
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

    /// <summary>The code and message of Bayou's own error; no code where something in front of it has answered.</summary>
    private static (string Code, string Message) Error(string text)
    {
        const int Longest = 500;
        try
        {
            using var answer = JsonDocument.Parse(text);
            var error = answer.RootElement.GetProperty("error");
            var message = error.GetProperty("message").GetString() ?? "";
            var detail = error.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Array && details.GetArrayLength() > 0
                ? $" ({details[0].GetProperty("field").GetString()} {details[0].GetProperty("message").GetString()})"
                : "";
            return (error.GetProperty("code").GetString() ?? "", message + detail);
        }
        catch (Exception e) when (IsNotOurs(e))
        {
            return ("", text.Length > Longest ? text[..Longest] : text);
        }
    }

    private static bool IsNotOurs(Exception e) =>
        e is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or FormatException;

    private enum BatchState
    {
        /// <summary>To be tried again.</summary>
        Open,
        Taken,
        Refused,
    }
}
