using System.Text.Json;
using Bayou.Database;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>A number of jobs, counted up to 10,000.</summary>
/// <param name="IsLowerBound">There are more.</param>
internal sealed record JobCount(long Count, bool IsLowerBound);

/// <param name="Queued">That are due.</param>
/// <param name="LatencyMs">For how long the one that is due longest has waited; 0 where none is.</param>
/// <param name="Concurrency">How many all workers together run at once.</param>
internal sealed record QueueStats(string Queue, JobCount Queued, long Running, double LatencyMs, long Concurrency);

/// <summary>What was done in a minute.</summary>
/// <param name="Failed">Attempts that are tried again.</param>
/// <param name="WaitMs">On average, from when a job was due.</param>
/// <param name="RunMs">On average.</param>
internal sealed record JobMinute(DateTime Minute, long Succeeded, long Failed, long Dead, long Cancelled, double WaitMs, double RunMs);

/// <summary>A process that runs jobs.</summary>
/// <param name="Status"><c>live</c>, <c>stopping</c>, <c>silent</c> (no heartbeat since), <c>stopped</c> or <c>lost</c> (others took what it held).</param>
/// <param name="Queues">How many of each it runs at once.</param>
internal sealed record JobWorkerRow(
    long Id, string Node, string Status, int Running, IReadOnlyDictionary<string, int> Queues, DateTime StartedAt, DateTime BeatAt, double SilentSeconds);

/// <param name="FailureRate">0 to 1, of attempts in the last hour.</param>
/// <param name="PerMinute">Jobs that ended, on average of the last five minutes.</param>
/// <param name="SchedulerLagMs">For how long the schedule that is due longest waits.</param>
internal sealed record WorkerStatsAnswer(
    JobCount Queued, JobCount Failed, JobCount Dead, long Running, double PerMinute, double FailureRate, double SchedulerLagMs,
    IReadOnlyList<QueueStats> Queues, IReadOnlyList<JobMinute> Minutes, IReadOnlyList<JobWorkerRow> Workers);

/// <summary><c>GET /worker/stats</c>.</summary>
internal sealed class WorkerStats([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, IOptions<JobsOptions> options)
{
    private const int CountedUpTo = ListMetadata.CountedUpTo;

    public static QuerySpec Spec { get; } = new([JobScope.Parameter], []);

    public async Task<Results<ApiResult<WorkerStatsAnswer>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var project = JobScope.Of(http, query);
        return query.Problem is { } problem ? problem : new ApiResult<WorkerStatsAnswer>(await ReadAsync(project, ct));
    }

    public async Task<WorkerStatsAnswer> ReadAsync(int project, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        var workers = await WorkersAsync(connection, ct);
        var queues = await QueuesAsync(connection, project, workers, ct);
        var minutes = await MinutesAsync(connection, project, ct);
        await using var command = new NpgsqlCommand($"""
            SELECT (SELECT count(*) FROM (SELECT FROM jobs WHERE project_id = $1 AND state = {JobState.Waiting} AND error IS NOT NULL AND run_at > now()
                                           LIMIT {CountedUpTo + 1}) c),
                   (SELECT count(*) FROM (SELECT FROM job_history_dead WHERE project_id = $1 LIMIT {CountedUpTo + 1}) c),
                   coalesce((SELECT extract(epoch FROM now() - min(next_run)) * 1000 FROM schedules WHERE project_id = $1 AND enabled), 0)::float8,
                   date_trunc('minute', now())
            """, connection);
        command.With(project);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var recent = minutes.FindAll(minute => minute.Minute >= reader.GetDateTime(3).AddMinutes(-5) && minute.Minute < reader.GetDateTime(3));
        var failed = minutes.Sum(minute => minute.Failed + minute.Dead);
        var attempts = failed + minutes.Sum(minute => minute.Succeeded);
        var queued = queues.Sum(queue => queue.Queued.Count);
        return new(
            new(Math.Min(queued, CountedUpTo), queues.Exists(queue => queue.Queued.IsLowerBound) || queued > CountedUpTo), CountOf(reader.GetInt64(0)),
            CountOf(reader.GetInt64(1)), queues.Sum(queue => queue.Running),
            Math.Round(recent.Sum(minute => minute.Succeeded + minute.Dead + minute.Cancelled) / 5.0, 1),
            attempts == 0 ? 0 : Math.Round((double)failed / attempts, 4), Math.Max(0, Math.Round(reader.GetDouble(2))), queues, minutes, workers);
    }

    private static JobCount CountOf(long counted) => new(Math.Min(counted, CountedUpTo), counted > CountedUpTo);

    private async Task<List<QueueStats>> QueuesAsync(NpgsqlConnection connection, int project, List<JobWorkerRow> workers, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT q.queue, due.count, running.count, coalesce(extract(epoch FROM now() - oldest.run_at) * 1000, 0)::float8
              FROM unnest($2::text[]) AS q(queue)
             CROSS JOIN LATERAL (
                SELECT count(*) FROM (SELECT FROM jobs j WHERE j.state = {JobState.Waiting} AND j.queue = q.queue AND j.run_at <= now() AND j.project_id = $1
                                       LIMIT {CountedUpTo + 1}) c) due
             CROSS JOIN LATERAL (
                SELECT count(*) FROM jobs j WHERE j.state = {JobState.Running} AND j.queue = q.queue AND j.project_id = $1) running
              LEFT JOIN LATERAL (
                SELECT min(first.run_at) AS run_at FROM generate_series(0, {JobType.LastPriority}) AS p(priority)
                 CROSS JOIN LATERAL (SELECT j.run_at FROM jobs j WHERE j.state = {JobState.Waiting} AND j.queue = q.queue AND j.priority = p.priority
                                        AND j.run_at <= now() AND j.project_id = $1 ORDER BY j.run_at, j.id LIMIT 1) first) oldest ON true
             ORDER BY q.queue
            """, connection);
        command.With(project, options.Value.Queues.Keys.ToArray());
        var queues = new List<QueueStats>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var queue = reader.GetString(0);
            queues.Add(new(
                queue, CountOf(reader.GetInt64(1)), reader.GetInt64(2), Math.Round(reader.GetDouble(3), 1),
                workers.Where(worker => worker.Status == "live").Sum(worker => (long)worker.Queues.GetValueOrDefault(queue))));
        }

        return queues;
    }

    private static async Task<List<JobMinute>> MinutesAsync(NpgsqlConnection connection, int project, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT minute, sum(succeeded)::bigint, sum(failed)::bigint, sum(dead)::bigint, sum(cancelled)::bigint, sum(waited_ms), sum(ran_ms)
              FROM job_minutes WHERE project_id = $1 AND minute > now() - interval '1 hour' GROUP BY minute ORDER BY minute
            """, connection);
        command.With(project);
        var minutes = new List<JobMinute>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var (succeeded, failed, dead, cancelled) = (reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
            var attempts = Math.Max(1, succeeded + failed + dead + cancelled);
            minutes.Add(new(
                reader.GetDateTime(0), succeeded, failed, dead, cancelled, Math.Round(reader.GetDouble(5) / attempts, 1),
                Math.Round(reader.GetDouble(6) / attempts, 1)));
        }

        return minutes;
    }

    private async Task<List<JobWorkerRow>> WorkersAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT id, node, CASE WHEN state IN ('live', 'stopping') AND beat_at < now() - $1 THEN 'silent' ELSE state END, running, queues::text, started_at,
                   beat_at, extract(epoch FROM now() - beat_at)::float8
              FROM job_workers WHERE state IN ('live', 'stopping') OR beat_at > now() - interval '1 hour' ORDER BY state IN ('live', 'stopping') DESC, id DESC
             LIMIT 200
            """, connection);
        command.With(options.Value.Lease);
        var workers = new List<JobWorkerRow>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            workers.Add(new(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetInt32(3),
                JsonSerializer.Deserialize<Dictionary<string, int>>(reader.GetString(4))!, reader.GetDateTime(5), reader.GetDateTime(6),
                Math.Round(Math.Max(0, reader.GetDouble(7)), 1)));
        }

        return workers;
    }
}
