using Bayou.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Bayou;

public sealed partial class GrainCluster
{
    private InProcessTestCluster _cluster = null!;

    private async Task StartAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddTestSilo(_database, "test");
            silo.UseAdoNetReminderService((AdoNetReminderTableOptions reminders) =>
            {
                reminders.Invariant = "Npgsql";
                reminders.ConnectionString = _database.Url;
            });
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        Grains = _cluster.Client;
    }

    private IEnumerable<WindowFlusher> Flushers() =>
        _cluster.Silos.Select(silo => _cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<WindowFlusher>());

    private async Task StopAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }
}
