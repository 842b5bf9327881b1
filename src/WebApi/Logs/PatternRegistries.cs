using System.Collections.Concurrent;
using Bayou.Projects;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Logs;

/// <summary>The patterns of each project that lines came of, or were looked for in, since this process began.</summary>
internal sealed class PatternRegistries(
    NpgsqlDataSource db, IGrainFactory grains, IOptions<LogsOptions> options, TimeProvider time, ILogger<PatternRegistry> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<int, PatternRegistry> _all = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Those of a project; not there yet before <see cref="PatternRegistry.ReadyAsync"/>.</summary>
    public PatternRegistry Of(int project) => _all.GetOrAdd(project, _ => new(project, db, grains, options, time, logger, _stopping.Token));

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Of(Project.Default).ReadyAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(PatternRegistry.Period, time);
        var rounds = new Dictionary<int, Task>();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var (project, patterns) in _all)
            {
                // None waits for another's.
                var round = rounds.GetValueOrDefault(project, Task.CompletedTask);
                if (round.IsCompleted)
                {
                    await round; // Whatever it could not handle ends the process.
                    rounds[project] = patterns.RoundAsync();
                }
            }
        }
    }
}
