using Bayou;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Orleans.Embedded.Tests;

/// <summary>One process life of the runtime, on manual time; lives may share their reminder store.</summary>
public sealed class EmbeddedHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public EmbeddedHost(ReminderMemory? reminders = null, ManualTime? time = null)
    {
        Time = time ?? new ManualTime();
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton(Probe)
            .AddSingleton<IReminderStore>(reminders ?? new ReminderMemory())
            .AddEmbeddedGrains(typeof(ProbeGrain).Assembly)
            .BuildServiceProvider();
    }

    public ManualTime Time { get; }

    public Probe Probe { get; } = new();

    public EmbeddedRuntime Runtime => _services.GetRequiredService<EmbeddedRuntime>();

    public static async Task<EmbeddedHost> StartAsync(ReminderMemory? reminders = null, ManualTime? time = null)
    {
        var host = new EmbeddedHost(reminders, time);
        foreach (var service in host._services.GetServices<IHostedService>())
        {
            await service.StartAsync(TestContext.Current.CancellationToken);
        }

        return host;
    }

    public IProbeGrain Grain(string key = "a") => Runtime.GetGrain<IProbeGrain>(key);

    public async Task StopAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(TestContext.Current.CancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

public sealed class ReminderMemory : IReminderStore
{
    private readonly Dictionary<(GrainId, string), ReminderEntry> _entries = [];

    public Task<IReadOnlyList<ReminderEntry>> LoadAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<ReminderEntry>>([.. _entries.Values]);

    public Task SaveAsync(ReminderEntry entry, CancellationToken ct)
    {
        _entries[(entry.Grain, entry.Name)] = entry;
        return Task.CompletedTask;
    }

    public Task RemoveAsync(GrainId grain, string name, CancellationToken ct)
    {
        _entries.Remove((grain, name));
        return Task.CompletedTask;
    }
}
