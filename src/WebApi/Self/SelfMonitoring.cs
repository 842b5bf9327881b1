using System.Threading.Channels;
using Bayou.Http;
using Bayou.Ingest;

namespace Bayou.Self;

/// <summary>Records Bayou's own API, as service <c>bayou</c>, through the same door as everybody's.</summary>
internal sealed partial class SelfMonitoring(IngestService ingest, TimeProvider time, ILogger<SelfMonitoring> logger) : BackgroundService
{
    private const string Service = "bayou";
    private const int MaxQueued = 10_000;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Channel<Observation> _queue = Channel.CreateBounded<Observation>(
        new BoundedChannelOptions(MaxQueued) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Goes around the request pipeline, so that it sees the status every failure became.</summary>
    public async Task RecordAsync(HttpContext http, RequestDelegate next)
    {
        var start = time.GetUtcNow();
        var clock = time.GetTimestamp();
        try
        {
            await next(http);
        }
        finally
        {
            // The page and its files are no API, and a foreign path is no endpoint of ours.
            if (http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route } endpoint && endpoint.Metadata.GetMetadata<PageRoute>() is null)
            {
                _queue.Writer.TryWrite(new(
                    Service, $"{http.Request.Method} {RouteTemplates.Normalize(route)}", http.Response.StatusCode,
                    (long)time.GetElapsedTime(clock).TotalMicroseconds, start,
                    http.Request.ContentLength ?? 0, http.Response.ContentLength ?? 0, Country: null));
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SendAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await SendAsync();
        }
    }

    private async Task SendAsync()
    {
        var batch = new ObservationBatch();
        while (_queue.Reader.TryRead(out var observation))
        {
            batch.Add(observation);
        }

        if (batch.Count == 0)
        {
            return;
        }

        try
        {
            var outcome = await ingest.SubmitAsync(batch, key: null, CancellationToken.None);
            if (outcome.State != SubmissionState.Accepted)
            {
                NotTaken(batch.Count, null);
            }
        }
        catch (Exception e)
        {
            NotTaken(batch.Count, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{count} of Bayou's own requests were not recorded")]
    private partial void NotTaken(int count, Exception? exception);
}

/// <summary>Marks a route that serves the page.</summary>
internal sealed record PageRoute;
