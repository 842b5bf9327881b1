using Bayou.Database;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>Counts what workers do, by minute.</summary>
internal static class JobMinutes
{
    /// <summary>In the transaction of what is counted.</summary>
    public static async Task AddAsync(NpgsqlConnection connection, long worker, IReadOnlyList<JobEnd> ends, CancellationToken ct)
    {
        var groups = ends.Where(end => end.Status is not null || end.Delay is not null)
            .GroupBy(end => (end.Job.Project, end.Job.Queue, end.Job.Type))
            .OrderBy(group => group.Key)
            .Select(group => (
                group.Key,
                Succeeded: group.LongCount(end => end.Status == JobStatus.Succeeded),
                Failed: group.LongCount(end => end.Status is null),
                Dead: group.LongCount(end => end.Status == JobStatus.Dead),
                Cancelled: group.LongCount(end => end.Status == JobStatus.Cancelled),
                Waited: group.Sum(end => end.Job.Waited.TotalMilliseconds),
                Ran: group.Sum(end => end.Ran.TotalMilliseconds)))
            .ToList();
        if (groups.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand("""
            INSERT INTO job_minutes AS m (minute, worker, project_id, queue, type, succeeded, failed, dead, cancelled, waited_ms, ran_ms)
            SELECT date_trunc('minute', now()), $1, n.*
              FROM unnest($2::int[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::float8[], $10::float8[]) AS n
            ON CONFLICT (minute, worker, project_id, queue, type) DO UPDATE SET succeeded = m.succeeded + excluded.succeeded,
                   failed = m.failed + excluded.failed, dead = m.dead + excluded.dead, cancelled = m.cancelled + excluded.cancelled,
                   waited_ms = m.waited_ms + excluded.waited_ms, ran_ms = m.ran_ms + excluded.ran_ms
            """, connection);
        command.With(worker);
        command.With(groups.Select(group => group.Key.Project).ToArray());
        command.With(groups.Select(group => group.Key.Queue).ToArray());
        command.With(groups.Select(group => group.Key.Type).ToArray());
        command.With(groups.Select(group => group.Succeeded).ToArray());
        command.With(groups.Select(group => group.Failed).ToArray());
        command.With(groups.Select(group => group.Dead).ToArray());
        command.With(groups.Select(group => group.Cancelled).ToArray());
        command.With(groups.Select(group => group.Waited).ToArray());
        command.With(groups.Select(group => group.Ran).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }
}
