using System.IO.Compression;
using Bayou.Access;
using Bayou.Audit;
using Bayou.Cluster;
using Bayou.Deploys;
using Bayou.Feeds;
using Bayou.Geo;
using Bayou.Health;
using Bayou.Hosting;
using Bayou.Http;
using Bayou.Info;
using Bayou.Ingest;
using Bayou.Jobs;
using Bayou.Keys;
using Bayou.Logs;
using Bayou.Metrics;
using Bayou.Otlp;
using Bayou.Points;
using Bayou.Projects;
using Bayou.Replay;
using Bayou.Requests;
using Bayou.Schedules;
using Bayou.Self;
using Bayou.Sso;
using Bayou.Targets;
using Bayou.Traces;
using Bayou.Users;
using Bayou.Windows;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.ResponseCompression;

namespace Bayou;

/// <summary>The HTTP surface: what it is made of and the order in which a request meets it.</summary>
internal static class Api
{
    private const long DefaultMaxBody = 1024 * 1024;

    // So that whoever pastes a page into a search is told what is wrong with it.
    private const int MaxRequestLine = 64 * 1024;

    /// <summary>The whole program, not yet started.</summary>
    public static WebApplication Build(params string[] args) => Build(_ => { }, args);

    /// <param name="also">What is added to its services.</param>
    public static WebApplication Build(Action<IServiceCollection> also, params string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddBayouLogging();
        var roles = RolesSetting.Of(builder.Configuration, unlessTold: RolesSetting.All);
        builder.AddBayouNode(roles);
        builder.AddBayouApi(roles);
        also(builder.Services);
        var app = builder.Build();
        app.UseBayouApi(roles);
        return app;
    }

    private static void AddBayouApi(this WebApplicationBuilder builder, NodeRoles roles)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = DefaultMaxBody;
            kestrel.Limits.MaxRequestLineSize = MaxRequestLine;
            kestrel.ConfigureEndpointDefaults(listen =>
            {
                RejectedRequests.Answer(listen);
                if (kestrel.ApplicationServices.GetService<OtlpPorts>() is { } ports)
                {
                    OtlpPorts.Choose(listen, ports);
                }
            });
        });
        var services = builder.Services;
        services.AddSingleton<HostNames>();
        services.AddSingleton<RefusedRequests>();
        services.AddHostedService(provider => provider.GetRequiredService<RefusedRequests>());
        services.AddHostedService<RejectedRequests>();
        services.AddSingleton(BodyBudget.OfThisMachine);
        services.AddSingleton<RequestBody>();
        services.AddAccess();
        services.AddSso(builder.Configuration);
        services.AddSingleton<UserChanges>();
        services.AddSingleton<ProjectStore>();
        services.AddSingleton(provider => new Startup(provider.GetRequiredService<TimeProvider>().GetUtcNow()));
        services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
        services.AddResponseCompression(compression =>
        {
            compression.EnableForHttps = true;
            compression.Providers.Add<BrotliCompressionProvider>();
            compression.Providers.Add<GzipCompressionProvider>();
        });
        services.Configure<BrotliCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
        var origins = new AllowedOrigins(builder.Configuration);
        services.AddSingleton(origins);
        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<AccessBook>((cors, book) => cors.AddDefaultPolicy(policy =>
            policy.SetIsOriginAllowed(origin => origins.Has(origin) || book.AllowsOrigin(origin)).AllowAnyHeader().AllowAnyMethod()
                .WithExposedHeaders(TraceIds.Header)));
        services.AddLogs();
        services.AddReplay();
        if (roles.HasFlag(NodeRoles.Ingest))
        {
            services.AddIngest();
            services.AddWindows();
            services.AddRequestIngest();
            services.AddLogIngest();
            services.AddReplayIngest();
            services.AddTraceIngest();
            services.AddPointIngest();
            builder.AddOtlp();
        }

        services.AddReadLimits();
        services.AddSingleton<EventStream>();
        services.AddDeploys();
        services.AddMetricsQueries();
        services.AddLogQueries();
        services.AddReplayQueries();
        services.AddTraceQueries();
        services.AddPointQueries();
        services.AddClusterQueries();
        services.AddJobQueries();
        services.AddScheduleQueries();
        services.AddSingleton<HealthChecks>();
        services.AddSingleton<Drain>();
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddHostedService<IdleMemory>();
        services.AddSingleton<PageAssets>();
        services.AddDoc();
        builder.AddSelfMonitoring(roles);
    }

    private static void UseBayouApi(this WebApplication app, NodeRoles roles)
    {
        _ = app.Services.GetRequiredService<Startup>();
        app.UseBayou();
        app.UseMiddleware<RequestPipeline>();
        app.UseResponseCompression();
        app.UsePageFiles();
        app.UseRouting();
        app.UseCors();
        app.UseMiddleware<OriginGate>();
        app.UseMiddleware<AccessGate>();
        app.UseSso();
        app.UseRequestTimeouts();
        app.Use(ReadLimits.EndWaitingAsync);
        app.UseRateLimiter();
        app.MapHealth();
        app.MapSession();
        app.MapPasswords();
        app.MapSecondFactor();
        app.MapSso();
        app.MapUsers();
        app.MapMembers();
        app.MapProjects();
        app.MapKeys();
        app.MapAudit();
        app.MapInfo();
        if (roles.HasFlag(NodeRoles.Ingest))
        {
            _ = app.Services.GetRequiredService<GeoDatabase>(); // What of the settings cannot be used is told of at the start.
            _ = app.Services.GetRequiredService<ClientAddresses>();
            app.MapRequestIngest();
            app.MapLogIngest();
            app.MapReplayIngest();
            app.MapDeployIngest();
            app.MapOtlp();
        }

        if (roles.HasFlag(NodeRoles.Query))
        {
            app.MapMetrics();
            app.MapLogs();
            app.MapReplay();
            app.MapTraces();
            app.MapSeries();
            app.MapDeploys();
            app.MapCluster();
            app.MapJobs();
            app.MapSchedules();
            app.MapTargets();
            app.MapDoc();
        }

        if (roles.HasFlag(NodeRoles.Ui))
        {
            _ = app.Services.GetRequiredService<PageAssets>();
            app.MapPage();
        }
    }
}
