using Bayou.Database;
using Bayou.Logs;
using Bayou.Metrics;
using Bayou.Replay;
using Bayou.Search;
using Bayou.Segments;
using Bayou.Traces;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bayou.Projects;

/// <summary>Lets go what a project had, long after it was deleted. Its row stays, for the audit log names it.</summary>
internal sealed partial class ProjectKeeper(
    NpgsqlDataSource db, LogSegments logs, SnapshotSegments snapshots, SpanSegments spans, TextVectors vectors, ILogger<ProjectKeeper> logger)
{
    /// <summary>For which a deletion can be undone.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromDays(30);

    private const int SeriesAtOnce = 100; // of which all windows go in one statement
    private const int LongestStatement = 600; // seconds

    // What refers to others comes before them.
    private static readonly string[] Tables =
        ["log_patterns", "log_pattern_generations", "deploys", "service_versions", "ingest_losses", "ingest_keys", "route_variables", "api_keys", "members",
         "job_waits", "job_keys", "jobs", "job_history", "job_minutes", "schedules", "targets",
         "snapshot_deletions", "snapshot_texts", "replays", "replay_runs", "replay_sets", "replay_ignores", "replay_blocks",
         "span_resources", "span_drops", "span_minutes", "point_series"];

    /// <returns>How many projects were emptied.</returns>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var emptied = 0;
        foreach (var project in await DeletedAsync(ct))
        {
            try
            {
                if (await BeginAsync(project, ct))
                {
                    await EmptyAsync(project, ct);
                    emptied++;
                    Emptied(project);
                }
            }
            catch (Exception e) when (DatabaseFailure.Is(e))
            {
                NotEmptied(project, e); // The next run goes on with it; the others need not wait.
            }
        }

        return emptied;
    }

    private async Task<List<int>> DeletedAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT id FROM projects WHERE deleted_at < now() - $1 AND emptied_at IS NULL ORDER BY id");
        command.With(Grace);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var projects = new List<int>();
        while (await reader.ReadAsync(ct))
        {
            projects.Add(reader.GetInt32(0));
        }

        return projects;
    }

    /// <summary>Says that there is no way back from here, unless it was restored meanwhile.</summary>
    private async Task<bool> BeginAsync(int project, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Project.Changes.AcquireAsync(connection, ct);
        await using var command = new NpgsqlCommand("""
            UPDATE projects SET emptying_at = coalesce(emptying_at, now()) WHERE id = $1 AND deleted_at < now() - $2 AND emptied_at IS NULL
            """, connection);
        command.With(project, Grace);
        var isGone = await command.ExecuteNonQueryAsync(ct) > 0;
        await transaction.CommitAsync(ct);
        return isGone;
    }

    /// <summary>Step by step, each of which finds nothing to do where it was done before: whatever fails is done by the next run.</summary>
    private async Task EmptyAsync(int project, CancellationToken ct)
    {
        await ExpireAsync(project, ct);
        await vectors.ForgetAsync(project, ct);
        while (await DeleteWindowsAsync(project, ct) > 0)
        {
        }

        await RunAsync("DELETE FROM points WHERE series_id IN (SELECT id FROM point_series WHERE project_id = $1)", project, ct);
        foreach (var table in Tables)
        {
            await RunAsync($"DELETE FROM {table} WHERE project_id = $1", project, ct);
        }

        await RunAsync("""
            UPDATE users u SET deleted_at = now(), updated_at = now()
             WHERE (project_id = $1 OR project_id IN (SELECT id FROM projects WHERE emptied_at IS NOT NULL))
               AND deleted_at IS NULL AND NOT is_owner AND NOT EXISTS (SELECT FROM members m WHERE m.user_id = u.id)
            """, project, ct);
        await ExpireAsync(project, ct); // What was being sealed meanwhile.
        await RunAsync("UPDATE projects SET emptied_at = now() WHERE id = $1", project, ct);
    }

    /// <summary>Lets segments go: their tables go with those of all that expired.</summary>
    private async Task ExpireAsync(int project, CancellationToken ct)
    {
        foreach (SegmentKind kind in (SegmentKind[])[logs, snapshots, spans])
        {
            await using var connection = await db.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await kind.Feed.AcquireAsync(connection, ct);
            await using var command = new NpgsqlCommand(
                $"UPDATE {kind.Catalogue} SET state = 'expired', changed_at = now() WHERE project_id = $1 AND state <> 'expired'", connection);
            command.With(project);
            await command.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
        }
    }

    /// <returns>How many series went, with their windows.</returns>
    private async Task<int> DeleteWindowsAsync(int project, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var list = new NpgsqlCommand($"SELECT ARRAY(SELECT id FROM series WHERE project_id = $1 ORDER BY id LIMIT {SeriesAtOnce})", connection);
        list.With(project);
        var series = (int[])(await list.ExecuteScalarAsync(ct))!;
        foreach (var table in Resolution.All.Select(resolution => resolution.Table))
        {
            await using var windows = new NpgsqlCommand($"DELETE FROM {table} WHERE series_id = ANY ($1)", connection) { CommandTimeout = LongestStatement };
            windows.With<int[]>(series);
            await windows.ExecuteNonQueryAsync(ct);
        }

        await using var gone = new NpgsqlCommand("DELETE FROM series WHERE id = ANY ($1)", connection) { CommandTimeout = LongestStatement };
        gone.With<int[]>(series);
        await gone.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return series.Length;
    }

    private async Task RunAsync(string sql, int project, CancellationToken ct)
    {
        await using var command = db.CreateCommand(sql);
        command.CommandTimeout = LongestStatement;
        command.With(project);
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Project {project} was deleted 30 days ago; what it had is gone")]
    private partial void Emptied(int project);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What the deleted project {project} had could not be let go whole; the next run goes on")]
    private partial void NotEmptied(int project, Exception exception);
}
