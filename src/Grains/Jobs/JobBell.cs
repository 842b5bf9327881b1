using Bayou.Database;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>
/// Wakes workers: those of this process at once, others by PostgreSQL's NOTIFY. It is sent after the commit and at most every few milliseconds, as it holds a
/// lock of the whole server when it commits; whoever misses it looks for itself each second.
/// </summary>
internal sealed partial class JobBell(NpgsqlDataSource db, TimeProvider time, ILogger<JobBell> logger) : BackgroundService
{
    public const string Channel = "bayou_jobs";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly Signal _rung = new();

    /// <summary>Raised in this process at once.</summary>
    public event Action? Rang;

    /// <summary>Says that there is something to do: jobs that are due, or one to be stopped.</summary>
    public void Ring()
    {
        Rang?.Invoke();
        _rung.Set();
    }

    public override void Dispose()
    {
        _rung.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await _rung.WaitAsync(stoppingToken);
            try
            {
                await using var command = db.CreateCommand($"NOTIFY {Channel}");
                await command.ExecuteNonQueryAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested && DatabaseFailure.Is(e))
            {
                NotSent(e);
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Workers could not be woken; they look for themselves")]
    private partial void NotSent(Exception exception);
}
