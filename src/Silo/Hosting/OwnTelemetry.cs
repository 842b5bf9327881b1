using System.Diagnostics;
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Bayou.Hosting;

/// <summary>
/// What Bayou itself does, by OpenTelemetry: requests, ingest, grains, statements. It goes where the SDK's own variables say (OTEL_EXPORTER_OTLP_ENDPOINT
/// and the like), be it this very Bayou; where they say nothing, nothing of it runs.
/// </summary>
internal static class OwnTelemetry
{
    public const string Service = "bayou";

    private const string Variables = "OTEL_EXPORTER_OTLP";

    private static readonly string[] Others = ["Npgsql", "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application"];
    private static readonly string[] OtherMeters = ["Npgsql", "Microsoft.Orleans", "System.Runtime", "Microsoft.AspNetCore.Hosting"];

    /// <summary>Of what Bayou does beside what its libraries tell.</summary>
    public static ActivitySource Source { get; } = new("Bayou");

    public static Meter Meter { get; } = new("Bayou");

    /// <summary>Whether it goes anywhere.</summary>
    public static bool IsWanted(IConfiguration configuration) =>
        configuration.AsEnumerable().Any(setting => setting.Key.StartsWith(Variables, StringComparison.Ordinal) && !string.IsNullOrEmpty(setting.Value));

    public static void AddOwnTelemetry(this IHostApplicationBuilder builder, string instance)
    {
        if (!IsWanted(builder.Configuration))
        {
            return;
        }

        var name = builder.Configuration["OTEL_SERVICE_NAME"] is { Length: > 0 } told ? told : Service;
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(name, serviceVersion: SiloHosting.Version, serviceInstanceId: instance))
            .WithTracing(traces => traces.AddSource([Source.Name, .. Others]))
            .WithMetrics(metrics => metrics.AddMeter([Meter.Name, .. OtherMeters]))
            .UseOtlpExporter();
    }

    /// <summary>Has what runs in it trace nothing: storing what was sent would be sent, and stored.</summary>
    public static IDisposable Untold() => SuppressInstrumentationScope.Begin();
}
