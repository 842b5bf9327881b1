using Bayou.Database;
using Npgsql;

namespace Bayou.Requests;

/// <summary>
/// Counts what was refused here, and what senders say they dropped unsent, per project, service and minute. Written every 2 s; a process that
/// is killed loses what it had not written: these figures explain a gap, they are not the measurements.
/// </summary>
internal sealed partial class LossCounter(NpgsqlDataSource db, TimeProvider time, ILogger<LossCounter> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private const int MaxServices = 1_000;

    private readonly Lock _gate = new();
    private Dictionary<(int Project, string Service, DateTime Minute), Losses> _counted = [];

    /// <param name="service">Empty where it cannot be told.</param>
    public void Add(int project, string service, long rejected, long dropped, string? error)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (rejected > 0 || dropped > 0)
        {
            Add(project, service, now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMinute)), new(rejected, dropped, error));
        }
    }

    private void Add(int project, string service, DateTime minute, Losses losses)
    {
        lock (_gate)
        {
            var key = _counted.Count < MaxServices || _counted.ContainsKey((project, service, minute)) ? (project, service, minute) : (project, "", minute);
            var sum = _counted.GetValueOrDefault(key);
            _counted[key] = new(sum.Rejected + losses.Rejected, sum.Dropped + losses.Dropped, losses.Error ?? sum.Error);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryWriteAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryWriteAsync(stoppingToken);
        }
    }

    private async Task TryWriteAsync(CancellationToken ct)
    {
        Dictionary<(int Project, string Service, DateTime Minute), Losses> counted;
        lock (_gate)
        {
            (counted, _counted) = (_counted, []);
        }

        try
        {
            if (counted.Count > 0)
            {
                await WriteAsync([.. counted.OrderBy(pair => pair.Key)], ct);
            }
        }
        catch (Exception e)
        {
            NotWritten(e);
            foreach (var ((project, service, minute), losses) in counted)
            {
                Add(project, service, minute, losses);
            }
        }
    }

    private async Task WriteAsync(List<KeyValuePair<(int Project, string Service, DateTime Minute), Losses>> counted, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            INSERT INTO ingest_losses AS l (project_id, service, minute, rejected, dropped, last_error)
            SELECT n.project_id, coalesce(s.service, ''), n.minute, sum(n.rejected), sum(n.dropped), max(n.last_error)
              FROM unnest($1::int[], $2::text[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::text[])
                   AS n(project_id, service, minute, rejected, dropped, last_error)
              LEFT JOIN (SELECT DISTINCT project_id, service FROM series WHERE endpoint = '*') s -- one past the limit of services is nobody's
                     ON s.project_id = n.project_id AND s.service = n.service
             GROUP BY 1, 2, 3
            ON CONFLICT (project_id, service, minute) DO UPDATE
               SET rejected = l.rejected + excluded.rejected, dropped = l.dropped + excluded.dropped,
                   last_error = coalesce(excluded.last_error, l.last_error)
            """);
        command.With(
            counted.Select(pair => pair.Key.Project).ToArray(), counted.Select(pair => pair.Key.Service).ToArray(),
            counted.Select(pair => pair.Key.Minute).ToArray(),
            counted.Select(pair => pair.Value.Rejected).ToArray(), counted.Select(pair => pair.Value.Dropped).ToArray(),
            counted.Select(pair => pair.Value.Error).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The counts of refused and dropped observations could not be written; the next round tries again")]
    private partial void NotWritten(Exception exception);

    private readonly record struct Losses(long Rejected, long Dropped, string? Error);
}
