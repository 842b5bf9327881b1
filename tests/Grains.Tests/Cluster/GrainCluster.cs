using Bayou.Database;
using Bayou.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

[assembly: AssemblyFixture(typeof(Bayou.GrainCluster))]

namespace Bayou;

/// <summary>
/// A cluster on a database of its own, on whichever runtime this is built for: two silos in Orleans, one process
/// embedded. Windows are flushed when a test says so.
/// </summary>
public sealed partial class GrainCluster : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ServiceProvider _services = null!;

    /// <summary>Calls grains as a web node does.</summary>
    public IGrainFactory Grains { get; private set; } = null!;

    public NpgsqlDataSource Db => _services.GetRequiredService<NpgsqlDataSource>();

    internal WindowLoader Loader => _services.GetRequiredService<WindowLoader>();

    internal WindowWriter Writer => _services.GetRequiredService<WindowWriter>();

    internal WindowPartitions Partitions => _services.GetRequiredService<WindowPartitions>();

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _services = new ServiceCollection().AddTestSilo(_database, "test").AddSingleton<Migrator>().AddLogging().BuildServiceProvider();
        await _services.GetRequiredService<Migrator>().StartAsync(CancellationToken.None);
        await StartAsync();
    }

    /// <summary>Writes every dirty window of every silo.</summary>
    public async Task FlushAsync()
    {
        foreach (var flusher in Flushers())
        {
            await flusher.FlushAsync(CancellationToken.None);
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
        await StopAsync();
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }
}
