using Bayou.Database;
using Bayou.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Configuration;
using Orleans.TestingHost;

[assembly: AssemblyFixture(typeof(Bayou.GrainCluster))]

namespace Bayou;

/// <summary>Two silos on a database of their own. Windows are flushed when a test says so.</summary>
public sealed class GrainCluster : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ServiceProvider _services = null!;
    private InProcessTestCluster _cluster = null!;

    /// <summary>Calls grains as a web node does.</summary>
    public IGrainFactory Grains => _cluster.Client;

    public NpgsqlDataSource Db => _services.GetRequiredService<NpgsqlDataSource>();

    internal WindowLoader Loader => _services.GetRequiredService<WindowLoader>();

    internal WindowWriter Writer => _services.GetRequiredService<WindowWriter>();

    internal WindowPartitions Partitions => _services.GetRequiredService<WindowPartitions>();

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _services = new ServiceCollection().AddTestSilo(_database, "test").AddSingleton<Migrator>().AddLogging().BuildServiceProvider();
        await _services.GetRequiredService<Migrator>().StartAsync(CancellationToken.None);
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddTestSilo(_database, "test");
            silo.UseAdoNetReminderService((AdoNetReminderTableOptions reminders) =>
                (reminders.Invariant, reminders.ConnectionString) = ("Npgsql", _database.Url));
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    /// <summary>Writes every dirty window of every silo.</summary>
    public async Task FlushAsync()
    {
        foreach (var silo in _cluster.Silos)
        {
            await _cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<WindowFlusher>().FlushAsync(CancellationToken.None);
        }
    }

    /// <summary>A series that no other test has.</summary>
    public async Task<int> NewSeriesAsync()
    {
        await using var command = Db.CreateCommand("INSERT INTO series (project_id, service, endpoint) VALUES (1, $1, 'GET /') RETURNING id");
        command.Parameters.Add(new() { Value = $"service-{Guid.NewGuid():N}" });
        return (int)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }
}
