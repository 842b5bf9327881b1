using System.Globalization;
using Bayou.Database;
using Bayou.Logs;
using Bayou.Metrics;
using Bayou.Schedules;
using Npgsql;

namespace Bayou.Hosting;

/// <summary>Wakes what looks after itself from then on: the schedulers of all projects, and the grains that have a loop of their own.</summary>
internal sealed class Scheduler(IGrainFactory grains, NpgsqlDataSource db) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await grains.GetGrain<IRollupGrain>(IRollupGrain.Key).EnsureScheduledAsync();
        await grains.GetGrain<ILogKeeperGrain>(ILogKeeperGrain.Key).EnsureScheduledAsync();
        foreach (var project in await ProjectsAsync(cancellationToken))
        {
            await grains.GetGrain<ISchedulerGrain>(project.ToString(CultureInfo.InvariantCulture)).ChangedAsync();
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<int[]> ProjectsAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT ARRAY(SELECT DISTINCT project_id FROM schedules WHERE enabled ORDER BY project_id)");
        return (int[])(await command.ExecuteScalarAsync(ct))!;
    }
}
