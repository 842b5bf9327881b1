using Bayou.Database;
using Bayou.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Bayou.Cluster;

/// <summary>Two silos on a database of their own. Windows are flushed when a test says so.</summary>
internal sealed class SiloPair : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly InProcessTestCluster _cluster;

    private SiloPair(TestDatabase database)
    {
        _database = database;
        Db = NpgsqlDataSource.Create(database.Url);
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((options, silo) =>
        {
            OrleansHosting.AddHints(silo);
            silo.Services.AddTestSilo(database, options.SiloName);
            silo.UseAdoNetReminderService((AdoNetReminderTableOptions reminders) => (reminders.Invariant, reminders.ConnectionString) = ("Npgsql", database.Url));
            silo.Configure<ReminderOptions>(reminders => reminders.RefreshReminderListPeriod = TimeSpan.FromSeconds(1));
        });
        _cluster = builder.Build();
    }

    public NpgsqlDataSource Db { get; }

    public IGrainFactory Grains => _cluster.Client;

    public IReadOnlyList<InProcessSiloHandle> Silos => [.. _cluster.Silos];

    public static async Task<SiloPair> StartAsync()
    {
        var pair = new SiloPair(await TestDatabase.CreateAsync());
        await using var services = new ServiceCollection().AddTestSilo(pair._database, "migrator").AddSingleton<Migrator>().AddLogging().BuildServiceProvider();
        await services.GetRequiredService<Migrator>().StartAsync(TestContext.Current.CancellationToken);
        await pair._cluster.DeployAsync();
        return pair;
    }

    public T Of<T>(InProcessSiloHandle silo)
        where T : notnull => _cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<T>();

    /// <summary>As kill -9 would end it, and until the others know.</summary>
    public async Task KillAsync(InProcessSiloHandle silo)
    {
        await _cluster.KillSiloAsync(silo);
        await _cluster.WaitForLivenessToStabilizeAsync(didKill: true);
    }

    public Task<InProcessSiloHandle> AddSiloAsync() => _cluster.StartAdditionalSiloAsync();

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Db.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
        await Db.DisposeAsync();
        await _database.DisposeAsync();
    }
}
