using Bayou.Access;
using Bayou.Cluster;
using Bayou.Database;
using Bayou.Jobs;
using Bayou.Logs;
using Bayou.Metrics;
using Bayou.Outgoing;
using Bayou.Points;
using Bayou.Projects;
using Bayou.Replay;
using Bayou.Schedules;
using Bayou.Search;
using Bayou.Segments;
using Bayou.Traces;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Hosting;

/// <summary>What every process needs, and what a silo needs beside: database, migrations, heartbeat; the grain runtime, the flusher.</summary>
public static class SiloHosting
{
    /// <summary>Of this build, as <c>GET /info</c> and the Cluster page name it.</summary>
    public static string Version { get; } = typeof(SiloHosting).Assembly.GetName().Version!.ToString(3);

    /// <summary>What the grains run on, as <c>GET /info</c> names it.</summary>
    public const string Runtime = "orleans";

    /// <summary>As long as a silo may take to write its windows and hand over.</summary>
    private static readonly TimeSpan HandOver = TimeSpan.FromSeconds(10);

    /// <exception cref="CannotStartException">The cluster's settings cannot be used; the message names the key.</exception>
    public static IHostApplicationBuilder AddBayouNode(this IHostApplicationBuilder builder, NodeRoles roles)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var cluster = ClusterOptions.Of(builder.Configuration);
        if (cluster.Mode == ClusterMode.Localhost && !roles.HasFlag(NodeRoles.Silo))
        {
            throw new CannotStartException(
                $"{RolesSetting.Key} must have silo unless {ClusterOptions.Section}:{nameof(cluster.Mode)} is {ClusterMode.Postgres}: nothing else here hosts "
                    + $"grains.");
        }

        var name = cluster.Node.Length > 0 ? cluster.Node : $"{Environment.MachineName}-{Environment.ProcessId}";
        services.AddSingleton(cluster);
        services.AddSingleton(new NodeIdentity(Guid.NewGuid(), name, roles));
        services.AddOptions<HostOptions>().Configure<IOptions<JobsOptions>>((host, jobs) =>
            host.ShutdownTimeout = HandOver + TimeSpan.FromSeconds(cluster.DrainSeconds + jobs.Value.StopSeconds) + JobRun.Grace);
        services.AddBayouDatabase(builder.Configuration);
        builder.AddOwnTelemetry(name);

        // Hosted services start in this order and stop in reverse: migrations before anything reads a table,
        // and grains, which write their windows as they go, stop after the flusher.
        services.AddHostedService<Migrator>();
        services.AddHostedService<NodeHeartbeat>();
        services.AddKeyRing();
        services.AddHostedService(provider => provider.GetRequiredService<JobBell>());
        builder.AddOrleans(cluster, roles);
        services.TryAddSingleton(new GrainReach { IsUp = true });
        services.AddBayouGrains();
        if (roles.HasFlag(NodeRoles.Silo))
        {
            services.AddHostedService(provider => provider.GetRequiredService<WindowFlusher>());
            services.AddHostedService<Scheduler>();
            services.AddHostedService<JobWorker>();
        }

        return builder;
    }

    internal static IServiceCollection AddBayouDatabase(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DatabaseOptions>()
            .BindConfiguration(DatabaseOptions.Section)
            .Configure(o => o.Url = configuration[DatabaseOptions.UrlKey] ?? o.Url)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => Source(provider, DatabasePool.Work));
        foreach (var pool in (DatabasePool[])[DatabasePool.Reads, DatabasePool.Access, DatabasePool.Jobs, DatabasePool.Health])
        {
            services.AddKeyedSingleton(pool, (provider, _) => Source(provider, pool));
        }

        return services;
    }

    private static NpgsqlDataSource Source(IServiceProvider provider, DatabasePool pool)
    {
        var builder = new NpgsqlDataSourceBuilder(provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.ConnectionString(pool));
        builder.UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>());
        builder.UseVector();
        return builder.Build();
    }

    private static IServiceCollection AddJobs(this IServiceCollection services)
    {
        services.AddOptions<JobsOptions>().BindConfiguration(JobsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        return services
            .AddSingleton<JobTypes>()
            .AddSingleton<JobQueue>()
            .AddSingleton<JobBell>()
            .AddSingleton<JobLease>()
            .AddSingleton<JobClaims>()
            .AddSingleton<JobEnds>()
            .AddSingleton<JobCleanup>()
            .AddSingleton<JobReports>()
            .AddSingleton<ScheduleRuns>()
            .AddJob<NoopJob, NoopPayload>()
            .AddJob<HttpRequestJob, HttpRequestPayload>()
            .AddJob<RollupJob, NoPayload>()
            .AddJob<MetricsCleanupJob, NoPayload>()
            .AddJob<LogSealJob, NoPayload>()
            .AddJob<LogCleanupJob, NoPayload>()
            .AddJob<HealthCheckJob, NoPayload>()
            .AddJob<ProjectCleanupJob, NoPayload>()
            .AddJob<JobCleanupJob, NoPayload>()
            .AddJob<ReplaySealJob, NoPayload>()
            .AddJob<ReplayCleanupJob, NoPayload>()
            .AddJob<ReplayRunJob, ReplayRunPayload>()
            .AddJob<TraceSealJob, NoPayload>()
            .AddJob<TraceCleanupJob, NoPayload>()
            .AddJob<PointCleanupJob, NoPayload>();
    }

    /// <summary>What Bayou calls itself.</summary>
    private static IServiceCollection AddOutgoing(this IServiceCollection services)
    {
        services.AddOptions<OutgoingOptions>().BindConfiguration(OutgoingOptions.Section)
            .Configure<IConfiguration>((options, configuration) => options.AllowLoopback ??= OutgoingOptions.AreLoopback(configuration["urls"]))
            .ValidateDataAnnotations().ValidateOnStart();
        return services.AddSingleton<OutgoingClient>().AddSingleton<TargetStore>();
    }

    /// <summary>What grains are made of, apart from their runtime.</summary>
    internal static IServiceCollection AddBayouGrains(this IServiceCollection services)
    {
        services.AddOptions<MetricsOptions>().BindConfiguration(MetricsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<LogsOptions>().BindConfiguration(LogsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<WindowLoader>();
        services.AddSingleton<WindowWriter>();
        services.AddSingleton<WindowPartitions>();
        services.AddSingleton<WindowFlusher>();
        services.AddSingleton<MetricsCleanup>();
        services.AddSingleton<RowHints>();
        services.AddSingleton<RollupWriter>();
        services.AddSingleton<LogSegments>();
        services.AddSingleton<SegmentKeeper<LogSegments>>();
        services.AddOptions<ReplayOptions>().BindConfiguration(ReplayOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SnapshotSegments>();
        services.AddSingleton<SegmentKeeper<SnapshotSegments>>();
        services.AddOptions<TracesOptions>().BindConfiguration(TracesOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SpanSegments>();
        services.AddSingleton<SegmentKeeper<SpanSegments>>();
        services.AddSingleton<TraceSampler>();
        services.AddOptions<PointsOptions>().BindConfiguration(PointsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<PointPartitions>();
        services.AddSingleton<RecordedRequests>().AddSingleton<ReplaySender>().AddSingleton<ReplayStore>();
        services.AddSingleton<PatternKeeper>();
        services.AddSingleton<ProjectKeeper>();
        services.AddOptions<SearchOptions>().BindConfiguration(SearchOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ITextEmbedder>(provider => provider.GetRequiredService<IOptions<SearchOptions>>().Value.Embedder == HashEmbedder.Name
            ? new HashEmbedder() : new MiniLmEmbedder(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<TextVectors>();
        services.AddSingleton<ReminderRuns>();
        services.AddSingleton<FormerReminder>();
        return services.AddJobs().AddOutgoing();
    }
}
