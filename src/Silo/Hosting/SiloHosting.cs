using Bayou.Database;
using Bayou.Metrics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Hosting;

/// <summary>What a process needs to run grains: database, migrations, the grain runtime, the flusher.</summary>
public static partial class SiloHosting
{
    public static IHostApplicationBuilder AddBayouSilo(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddBayouDatabase(builder.Configuration);

        // Hosted services start in this order and stop in reverse: migrations before anything reads a table,
        // and grains, which write their windows as they go, stop after the flusher.
        services.AddHostedService<Migrator>();
        services.AddBayouGrains();
        AddGrainRuntime(builder);
        services.AddHostedService(provider => provider.GetRequiredService<WindowFlusher>());
        services.AddHostedService<Scheduler>();
        return builder;
    }

    internal static IServiceCollection AddBayouDatabase(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DatabaseOptions>()
            .BindConfiguration(DatabaseOptions.Section)
            .Configure(o => o.Url = configuration[DatabaseOptions.UrlKey] ?? o.Url);
        services.AddSingleton(provider =>
        {
            var source = new NpgsqlDataSourceBuilder(provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.ConnectionString());
            return source.UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>()).Build();
        });
        return services;
    }

    /// <summary>What grains are made of, apart from their runtime.</summary>
    internal static IServiceCollection AddBayouGrains(this IServiceCollection services)
    {
        services.AddOptions<MetricsOptions>().BindConfiguration(MetricsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<WindowLoader>();
        services.AddSingleton<WindowWriter>();
        services.AddSingleton<WindowPartitions>();
        services.AddSingleton<WindowFlusher>();
        services.AddSingleton<RollupWriter>();
        return services;
    }
}
