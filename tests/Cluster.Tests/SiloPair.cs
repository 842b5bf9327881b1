using Bayou.Database;
using Bayou.Hosting;
using Bayou.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Bayou.Cluster;

/// <summary>Two silos on a database of their own, or on one that others have too.</summary>
internal sealed class SiloPair : IAsyncDisposable
{
    private readonly TestDatabase? _own;
    private readonly InProcessTestCluster _cluster;

    private SiloPair(TestDatabase database, TestDatabase? own, Dictionary<string, string?> settings, IOutgoingGrainCallFilter? outgoing)
    {
        _own = own;
        Db = NpgsqlDataSource.Create(database.Url);
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((options, silo) =>
        {
            OrleansHosting.AddHints(silo);
            silo.Services.AddTestSilo(database.Url, options.SiloName, settings);
            if (settings != TestSilo.AtRest)
            {
                silo.Services.AddHostedService(provider => provider.GetRequiredService<WindowFlusher>());
            }

            silo.UseAdoNetReminderService((AdoNetReminderTableOptions reminders) =>
                (reminders.Invariant, reminders.ConnectionString) = ("Npgsql", database.Url));
            silo.Configure<ReminderOptions>(reminders => reminders.RefreshReminderListPeriod = TimeSpan.FromSeconds(1));
        });
        builder.ConfigureClient(client =>
        {
            if (outgoing is not null)
            {
                client.AddOutgoingGrainCallFilter(outgoing);
            }
        });
        _cluster = builder.Build();
    }

    public NpgsqlDataSource Db { get; }

    public IGrainFactory Grains => _cluster.Client;

    public IReadOnlyList<InProcessSiloHandle> Silos => [.. _cluster.Silos];

    /// <summary>On a database of its own; windows are flushed when a test says so.</summary>
    public static async Task<SiloPair> StartAsync()
    {
        var database = await TestDatabase.CreateAsync();
        return await StartAsync(database, database, TestSilo.AtRest, null);
    }

    /// <summary>On a database that others have too; windows are flushed by themselves.</summary>
    /// <param name="outgoing">What every call of its client goes through.</param>
    public static Task<SiloPair> StartAsync(TestDatabase database, IOutgoingGrainCallFilter? outgoing = null) =>
        StartAsync(database, null, new() { ["Bayou:Metrics:FlushSeconds"] = "1" }, outgoing);

    private static async Task<SiloPair> StartAsync(
        TestDatabase database, TestDatabase? own, Dictionary<string, string?> settings, IOutgoingGrainCallFilter? outgoing)
    {
        var pair = new SiloPair(database, own, settings, outgoing);
        await using var services = new ServiceCollection().AddTestSilo(database, "migrator").AddSingleton<Migrator>().AddLogging().BuildServiceProvider();
        await services.GetRequiredService<Migrator>().StartAsync(TestContext.Current.CancellationToken);
        await pair._cluster.DeployAsync();
        return pair;
    }

    /// <summary>Writes every dirty window of every silo.</summary>
    public async Task FlushAsync()
    {
        foreach (var silo in Silos)
        {
            await Of<WindowFlusher>(silo).FlushAsync(TestContext.Current.CancellationToken);
        }
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
        if (_own is not null)
        {
            await _own.DisposeAsync();
        }
    }
}
