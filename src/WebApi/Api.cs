using System.IO.Compression;
using Bayou.Deploys;
using Bayou.Health;
using Bayou.Hosting;
using Bayou.Http;
using Bayou.Info;
using Bayou.Ingest;
using Bayou.Metrics;
using Bayou.Self;
using Microsoft.AspNetCore.ResponseCompression;

namespace Bayou;

/// <summary>The HTTP surface: what it is made of and the order in which a request meets it.</summary>
internal static class Api
{
    private const long DefaultMaxBody = 1024 * 1024;

    /// <summary>Origins, separated by commas, whose pages may call this API from a browser; none unless told.</summary>
    private const string CorsKey = "BAYOU_CORS_ORIGINS";

    /// <summary>The whole program, not yet started.</summary>
    public static WebApplication Build(params string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddBayouLogging();
        builder.AddBayouSilo();
        builder.AddBayouApi();
        var app = builder.Build();
        app.UseBayouApi();
        return app;
    }

    private static void AddBayouApi(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = DefaultMaxBody;
        });
        var services = builder.Services;
        services.AddSingleton<HostNames>();
        services.AddSingleton(provider => new Startup(provider.GetRequiredService<TimeProvider>().GetUtcNow()));
        services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
        services.AddResponseCompression(compression =>
        {
            compression.EnableForHttps = true;
            compression.Providers.Add<BrotliCompressionProvider>();
            compression.Providers.Add<GzipCompressionProvider>();
        });
        services.Configure<BrotliCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
        var origins = (builder.Configuration[CorsKey] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins(origins).AllowAnyHeader().AllowAnyMethod().WithExposedHeaders(TraceIds.Header)));
        services.AddIngest();
        services.AddDeploys();
        services.AddMetricsQueries();
        services.AddSingleton<HealthChecks>();
        services.AddHostedService<IdleMemory>();
        services.AddDoc();
        services.AddSelfMonitoring();
    }

    private static void UseBayouApi(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<Startup>();
        app.UseBayou();
        app.UseMiddleware<RequestPipeline>();
        app.UseResponseCompression();
        app.UsePageFiles();
        app.UseRouting();
        app.UseCors();
        app.MapIngest();
        app.MapMetrics();
        app.MapDeploys();
        app.MapHealth();
        app.MapInfo();
        app.MapDoc();
        app.MapPage();
    }
}
