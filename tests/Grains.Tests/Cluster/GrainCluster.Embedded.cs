using Bayou.Hosting;
using Bayou.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Embedded;

namespace Bayou;

public sealed partial class GrainCluster
{
    private ServiceProvider _silo = null!;

    private async Task StartAsync()
    {
        _silo = new ServiceCollection().AddTestSilo(_database, "test").AddLogging()
            .AddSingleton<IReminderStore, ReminderStore>()
            .AddEmbeddedGrains(typeof(WindowFlusher).Assembly)
            .BuildServiceProvider();
        foreach (var service in _silo.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }

        Grains = _silo.GetRequiredService<IGrainFactory>();
    }

    private IEnumerable<WindowFlusher> Flushers() => [_silo.GetRequiredService<WindowFlusher>()];

    private async Task StopAsync()
    {
        foreach (var service in _silo.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None);
        }

        await _silo.DisposeAsync();
    }
}
