using System.Diagnostics;
using System.Text.Json;
using Bayou.Database;
using Bayou.Hosting;
using Npgsql;

namespace Bayou.Cluster;

/// <summary>What a process says of the grains it hosts.</summary>
internal interface ISiloFigures
{
    /// <summary>As membership knows this silo; empty where it knows none.</summary>
    string Address { get; }

    /// <summary>Calls of grains answered here since the start.</summary>
    long Calls { get; }

    Task<IReadOnlyDictionary<string, int>> ActivationsAsync(CancellationToken ct);
}

/// <summary>Writes every few seconds what this process is, and that it is; every process of a database does.</summary>
internal sealed partial class NodeHeartbeat(
    NpgsqlDataSource db, NodeIdentity node, ISiloFigures silo, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<NodeHeartbeat> logger)
        : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly DateTimeOffset _started = time.GetUtcNow();
    private (long Time, TimeSpan Cpu, long Calls) _last;
    private IReadOnlyDictionary<string, int> _activations = new Dictionary<string, int>();

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _last = Now();
        await BeatAsync(_activations, cancellationToken); // The grain runtime starts after this.
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Says goodbye, so that nobody takes it for dead.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await using var command = db.CreateCommand("UPDATE cluster_nodes SET stopped_at = now(), beat_at = now() WHERE id = $1");
            command.With(node.Id);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e)
        {
            NotBeaten(e); // Then it looks as if it had died.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Heartbeats.Period, time);
        using var stopping = lifetime.ApplicationStopping.Register(() => _ = TryBeatAsync(CancellationToken.None)); // At once: it may take a while to end.
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryBeatAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // StopAsync says goodbye.
        }
    }

    private async Task TryBeatAsync(CancellationToken ct)
    {
        try
        {
            await BeatAsync(await ActivationsAsync(ct), ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            NotBeaten(e); // Whatever it is (a name that does not resolve is no database error), it must not end the process.
        }
    }

    private async Task BeatAsync(IReadOnlyDictionary<string, int> activations, CancellationToken ct)
    {
        var (then, now) = (_last, Now());
        _last = now;
        var seconds = Math.Max(time.GetElapsedTime(then.Time, now.Time).TotalSeconds, 0.001);
        await using var command = db.CreateCommand("""
            WITH gone AS (DELETE FROM cluster_nodes WHERE beat_at < now() - interval '1 hour')
            INSERT INTO cluster_nodes AS n (id, name, roles, version, runtime, silo, started_at, beat_at, stopping_at, cpu_cores, memory_bytes,
                calls_per_second, activations)
            VALUES ($1, $2, $3, $4, $5, $6, $7, now(), CASE WHEN $8 THEN now() END, $9, $10, $11, $12::jsonb)
            ON CONFLICT (id) DO UPDATE SET silo = excluded.silo, beat_at = excluded.beat_at, stopping_at = coalesce(n.stopping_at, excluded.stopping_at),
                   cpu_cores = excluded.cpu_cores, memory_bytes = excluded.memory_bytes,
                   calls_per_second = excluded.calls_per_second, activations = excluded.activations
            """);
        command.With(
            node.Id, node.Name, node.Roles.Names(), SiloHosting.Version, SiloHosting.Runtime, silo.Address, _started.UtcDateTime,
            lifetime.ApplicationStopping.IsCancellationRequested, (float)((now.Cpu - then.Cpu).TotalSeconds / seconds), Environment.WorkingSet,
            (float)((now.Calls - then.Calls) / seconds), JsonSerializer.Serialize(activations));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The last known where the runtime does not say: a sick silo must still be able to say that it is there.</summary>
    private async Task<IReadOnlyDictionary<string, int>> ActivationsAsync(CancellationToken ct)
    {
        try
        {
            _activations = await silo.ActivationsAsync(ct).WaitAsync(Patience, time, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            NotCounted(e);
        }

        return _activations;
    }

    private (long Time, TimeSpan Cpu, long Calls) Now()
    {
        using var process = Process.GetCurrentProcess();
        return (time.GetTimestamp(), process.TotalProcessorTime, silo.Calls);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "This node could not write its heartbeat")]
    private partial void NotBeaten(Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The grain runtime did not say how many activations it has")]
    private partial void NotCounted(Exception exception);
}
