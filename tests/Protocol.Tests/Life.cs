using Bayou.Database;
using Bayou.Metrics;
using Bayou.Windows;
using Bayou.Requests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Bayou.Ingest;

/// <summary>
/// One life of a server: everything from ingest to the windows' rows, with a <see cref="Wire"/> to PostgreSQL and a <see cref="Bus"/> to its
/// activations. What it takes for time is the test's; what PostgreSQL takes is real, so a run is not the same to the letter each time.
/// </summary>
internal sealed class Life(IHost host, ManualTime time, Wire wire) : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    public Wire Wire => wire;

    public Bus Bus => host.Services.GetRequiredService<Bus>();

    public long Epoch => host.Services.GetRequiredService<Journal>().Epoch;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <param name="node">The same name takes over at once what the life before left.</param>
    public static async Task<Life> StartAsync(TestDatabase database, string node)
    {
        var url = new NpgsqlConnectionStringBuilder(database.Url);
        var wire = new Wire(url.Host!, url.Port);
        url.Host = "127.0.0.1";
        url.Port = wire.Port;
        var time = new ManualTime();
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddTestSilo(url.ConnectionString, "life", new() { ["Bayou:Ingest:Node"] = node });
        builder.Services.AddHostedService<Migrator>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<WindowFlusher>());
        builder.Services.AddIngest().AddWindows().AddRequestIngest();
        builder.Services.AddSingleton<Bus>();
        builder.Services.AddSingleton<IWindowGrains>(provider => provider.GetRequiredService<Bus>());
        builder.Services.AddSingleton<TimeProvider>(time);
        var life = new Life(builder.Build(), time, wire);
        await life.RunAsync(life.StartAsync());
        return life;
    }

    /// <summary>Sends observations of a minute ago, or of an hour ago where they are late.</summary>
    /// <param name="key">Null for none.</param>
    public Task<SubmissionState> SendAsync(string service, string? key, IReadOnlyList<(string Route, bool Late)> routes) =>
        host.Services.SendAsync(service, key, routes.Select(one => (one.Route, Now.AddMinutes(one.Late ? -60 : -1))));

    /// <summary>The cleanup's run when this life's clock says that.</summary>
    public async Task CleanUpAsync(DateTimeOffset at)
    {
        Jump(at - Now);
        await host.Services.GetRequiredService<MetricsCleanup>().RunAsync(CancellationToken.None);
    }

    /// <summary>Lets time pass until the task is done, or this life is over.</summary>
    public async Task RunAsync(Task until)
    {
        var patience = DateTime.UtcNow.AddMinutes(1);
        while (!until.IsCompleted && !wire.IsDead)
        {
            Assert.True(DateTime.UtcNow < patience, "this life does not get on");
            time.Advance(Step);
            await Task.WhenAny(until, Task.Delay(1, TestContext.Current.CancellationToken)); // Real, for what is really asked of PostgreSQL.
        }

        if (until.IsCompleted)
        {
            await until;
        }
    }

    /// <summary>Somebody sets this life's clock.</summary>
    public void Jump(TimeSpan by) => time.Jump(by);

    public async Task RunAsync(TimeSpan span)
    {
        for (var end = time.GetTimestamp() + span.Ticks; time.GetTimestamp() < end && !wire.IsDead;)
        {
            time.Advance(Step);
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    public async Task<T?> RunAsync<T>(Task<T> until)
    {
        await RunAsync((Task)until);
        return until.IsCompletedSuccessfully ? until.Result : default;
    }

    public async ValueTask DisposeAsync()
    {
        await wire.DisposeAsync();
        host.Dispose();
    }

    private Task StartAsync() => host.StartAsync(TestContext.Current.CancellationToken);
}
