using Bayou.Cluster;
using Bayou.Database;
using Bayou.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bayou;

internal static class TestSilo
{
    /// <summary>What a silo's grains are made of, on a test's database. Windows are flushed when a test says so.</summary>
    public static IServiceCollection AddTestSilo(this IServiceCollection services, TestDatabase database, string name)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [DatabaseOptions.UrlKey] = database.Url,
            ["Bayou:Database:AllowUnsafe"] = "true",
            ["Bayou:Metrics:FlushSeconds"] = "60",
            ["Bayou:Metrics:RollUpAfterSeconds"] = "0",
        }).Build();
        return services
            .AddSingleton<IConfiguration>(settings)
            .AddSingleton(new NodeIdentity(Guid.NewGuid(), name, NodeRoles.Silo))
            .AddSingleton(new GrainReach { IsUp = true })
            .AddBayouDatabase(settings)
            .AddBayouGrains();
    }
}
