using System.Globalization;
using System.IO.Compression;
using System.Net;
using Bayou.Cluster;
using Bayou.Hosting;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Logs;
using Bayou.Monitor;
using Bayou.Projects;
using Bayou.Replay;
using Bayou.Requests;
using OpenTelemetry.Trace;

namespace Bayou.Self;

/// <summary>Bayou's own API is monitored as any other is, by the same middleware and logger, as service <c>bayou</c>.</summary>
internal static class SelfMonitoring
{
    public const string Service = "bayou";

    // What goes wrong while lines are stored would only be more lines to store.
    private static readonly string[] Storing = ["Bayou.Logs", "Bayou.Ingest.IngestNode", "Bayou.Database", "Npgsql"];

    public static void AddSelfMonitoring(this WebApplicationBuilder builder, NodeRoles roles)
    {
        var services = builder.Services;
        services.AddSingleton<OwnIngest>();
        services.AddBayou(options =>
        {
            (options.Service, options.ShouldRecord) = (Service, IsOurApi);
            (options.Capture.Enabled, options.Capture.Share, options.Capture.Should) = (true, 1, IsSample);
            options.Enabled &= roles.HasFlag(NodeRoles.Ingest); // Elsewhere there is nobody to take it.
        });
        if (OwnTelemetry.IsWanted(builder.Configuration))
        {
            // What is sent here may be what this sends.
            services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddAspNetCoreInstrumentation(requests =>
                requests.Filter = http => !http.Request.Path.StartsWithSegments("/v1") && !http.Request.Path.StartsWithSegments("/ingest")
                    && http.Request.Path.Value?.StartsWith("/opentelemetry.proto.", StringComparison.Ordinal) != true));
        }

        services.AddOptions<BayouOptions>().Configure<OwnIngest>((options, ingest) => options.Handler = ingest);
        builder.Logging.AddBayou();
        foreach (var category in Storing)
        {
            builder.Logging.AddFilter<BayouLoggerProvider>(category, LogLevel.None);
        }
    }

    // The page and its files are no API, and a foreign path is no endpoint of ours.
    private static bool IsOurApi(HttpContext http) => http.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<PageRoute>() is null;

    // The resource that is there to be looked at. What else is asked of Bayou is captured nowhere.
    private static bool IsSample(HttpContext http) => http.Request.Path.StartsWithSegments("/api/v1");

    /// <summary>Takes the monitor's batches without a network between, and so without recording that it does.</summary>
    private sealed class OwnIngest(IServiceProvider services) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // Resolved late: ingest and the monitor start independently of each other.
            await using var gzip = new GZipStream(await request.Content!.ReadAsStreamAsync(cancellationToken), CompressionMode.Decompress);
            using var body = new MemoryStream();
            await gzip.CopyToAsync(body, cancellationToken);
            var dropped = request.Headers.TryGetValues(IngestEndpoints.DroppedHeader, out var drops)
                ? long.Parse(drops.Single(), CultureInfo.InvariantCulture) : 0;
            var key = request.Headers.GetValues("Idempotency-Key").Single();
            var outcome = request.RequestUri!.Segments[^1] switch
            {
                "logs" => await TakeAsync<LogBatch>(),
                "snapshots" => await TakeAsync<SnapshotBatch>(),
                _ => await TakeAsync<ObservationBatch>(),
            };
            if (outcome == IngestOutcome.NoAnswer)
            {
                throw new HttpRequestException("It cannot be known whether the batch was taken.");
            }

            var status = outcome.Problem?.Status ?? StatusCodes.Status202Accepted;
            var error = outcome.Problem is { } problem ? new ApiError(problem.Code, problem.Message, "", problem.Details) : null;
            return new((HttpStatusCode)status) { Content = JsonContent.Create(new Envelope(outcome.Taken, error, null), options: Json.Options) };

            Task<IngestOutcome> TakeAsync<TBatch>()
                where TBatch : class, IIngestBatch =>
                services.GetRequiredService<IngestDoor<TBatch>>().AcceptAsync(Project.Default, body.ToArray(), key, dropped, cancellationToken);
        }
    }
}

/// <summary>Marks a route that serves the page.</summary>
internal sealed record PageRoute;
