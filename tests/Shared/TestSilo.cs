using Bayou.Cluster;
using Bayou.Database;
using Bayou.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bayou;

internal static class TestSilo
{
    /// <summary>Settings with which nothing is flushed or merged by itself while a test lasts.</summary>
    public static Dictionary<string, string?> AtRest { get; } = new()
    {
        ["Bayou:Metrics:FlushSeconds"] = "60",
        ["Bayou:Metrics:RollUpAfterSeconds"] = "0",
        ["Bayou:Metrics:RollUpEverySeconds"] = "3600",
    };

    /// <summary>What a silo's grains are made of, on a test's database. Windows are flushed when a test says so.</summary>
    public static IServiceCollection AddTestSilo(this IServiceCollection services, TestDatabase database, string name) =>
        services.AddTestSilo(database.Url, name, AtRest);

    public static IServiceCollection AddTestSilo(this IServiceCollection services, string url, string name, Dictionary<string, string?> settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(settings)
        {
            [DatabaseOptions.UrlKey] = url,
            ["Bayou:Database:AllowUnsafe"] = "true",
        }).Build();
        return services
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton(new NodeIdentity(Guid.NewGuid(), name, NodeRoles.Silo))
            .AddSingleton(new GrainReach { IsUp = true })
            .AddBayouDatabase(configuration)
            .AddBayouGrains();
    }
}
