using System.Text.Json;
using Bayou.Cluster;
using Bayou.Database;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>
/// Shows what a loop of Bayou's own does among jobs: work that must react within seconds is not asked for by a job each time, but has a row each minute in
/// which there was any.
/// </summary>
internal sealed class JobReport(NpgsqlDataSource db, NodeIdentity node, TimeProvider time, JobType type)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private DateTimeOffset? _since;
    private TimeSpan _ran;
    private long _done;
    private int _runs;

    /// <summary>Runs the work of one look.</summary>
    /// <param name="work">Returns how much it did.</param>
    public async Task<int> RunAsync(Func<Task<int>> work, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        var done = await work();
        if (done > 0)
        {
            _since ??= time.GetUtcNow();
            (_done, _runs, _ran) = (_done + done, _runs + 1, _ran + time.GetElapsedTime(started));
        }

        if (_since is { } since && time.GetUtcNow() - since >= Period)
        {
            await AddAsync(since, ct);
            (_since, _done, _runs, _ran) = (null, 0, 0, TimeSpan.Zero);
        }

        return done;
    }

    private async Task AddAsync(DateTimeOffset since, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var draw = new NpgsqlCommand("SELECT jobs_draw(1)", connection);
        var id = (long)(await draw.ExecuteScalarAsync(ct))!;
        await using var command = new NpgsqlCommand($"""
            INSERT INTO job_history (project_id, id, type, queue, priority, state, payload, attempts, max_attempts, run_at, created_at, created_by,
                unique_until, pending, fence, is_cancelled, crashes, started_at, tries, status, finished_at, result)
            VALUES (0, $1, $2, $3, $4, {JobState.Running}, $5::jsonb, 1, 1, $6, $6, $7, 0, 0, 1, false, 0, $6, '[]', '{JobStatus.Succeeded}', now(), $8::jsonb)
            """, connection);
        command.With(
            id, type.Name, type.Queue, (short)type.Priority, "{}", since.UtcDateTime, $"loop on {node.Name}",
            JsonSerializer.Serialize(new { done = _done, runs = _runs, ran_ms = Math.Round(_ran.TotalMilliseconds) }));
        await command.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }
}

/// <summary>Reports of loops.</summary>
internal sealed class JobReports(NpgsqlDataSource db, NodeIdentity node, TimeProvider time)
{
    /// <param name="type">Of the jobs that the loop does the work of.</param>
    public JobReport Of(JobType type) => new(db, node, time, type);
}
