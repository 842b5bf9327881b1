using System.Text.Json;
using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Jobs;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <summary>Which captured requests are sent again, and how.</summary>
/// <param name="Ids">Of captured requests, up to 500; or a set, or filters in the query.</param>
/// <param name="Set">The name of a saved set.</param>
/// <param name="Stage">Of the targets; the services' own where they have none of that stage.</param>
/// <param name="Confirm">Needed for requests that may change something, and for production targets.</param>
/// <param name="Concurrency">Requests under way at once, 1 to 20; 4 unless told.</param>
/// <param name="PerSecond">Requests begun in a second, up to 1000; 20 unless told.</param>
/// <param name="Twice">Whether each is sent a second time, and what differs between both left out.</param>
internal sealed record ReplayRunBody(
    IReadOnlyList<long>? Ids, string? Set, string? Stage, bool? Confirm, int? Concurrency, double? PerSecond, bool? Twice) : IBody;

/// <summary>What a run has come to, of one endpoint.</summary>
/// <param name="Mended">Of those that differ: failed then, and do not fail now.</param>
internal sealed record ReplayRunEndpoint(string Service, string Endpoint, long Same, long Differs, long Mended, long Failed, long Refused);

/// <summary>A run.</summary>
/// <param name="Name">Of the set that it is of; null for none.</param>
/// <param name="Asked">How many captured requests it is of; some may be gone.</param>
/// <param name="JobId">The job that does it, which can be cancelled.</param>
/// <param name="Mended">Of those that differ: failed then, and do not fail now.</param>
/// <param name="Gone">Not there any more; told once the run has ended.</param>
internal sealed record ReplayRunRow(
    long Id, string? Name, DateTime CreatedAt, string CreatedBy, DateTime? EndedAt, long? JobId, int Asked, long Same, long Differs, long Mended, long Failed,
    long Refused, long Gone);

/// <summary>A run, with what came of each request.</summary>
internal sealed record ReplayRunReport(ReplayRunRow Run, IEnumerable<ReplayRunEndpoint> Endpoints, IEnumerable<ReplayRow> Replays);

/// <summary><c>/replay/runs</c>: many captured requests sent again in the background.</summary>
internal sealed class ReplayRuns(
    CurrentProject project, ReplayChoice choice, NpgsqlDataSource db, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource reads, RequestBody bodies,
    JobBell bell)
{
    public const int MostIds = 500;

    private const string Select = """
        SELECT r.id, nullif(r.name, ''), r.created_at, r.created_by, coalesce(r.ended_at, h.finished_at), r.job_id, cardinality(r.snapshot_ids),
               count(*) FILTER (WHERE p.outcome = 'same'), count(*) FILTER (WHERE p.outcome = 'differs'),
               count(*) FILTER (WHERE p.outcome = 'failed' AND (p.url <> '' OR r.ended_at IS NOT NULL OR h.finished_at IS NOT NULL)), -- not those begun
               count(*) FILTER (WHERE p.outcome = 'refused'),
               count(*) FILTER (WHERE p.outcome = 'differs' AND p.recorded >= 500 AND p.status_code < 500), count(p.id)
          FROM replay_runs r LEFT JOIN replays p ON p.run_id = r.id
          LEFT JOIN LATERAL (SELECT finished_at FROM job_history WHERE project_id = r.project_id AND id = r.job_id LIMIT 1) h ON r.ended_at IS NULL
        """;

    public static QuerySpec Spec { get; } = new([("limit", "Most of them, 1 to 1000; 50 unless told.")], []);

    public async Task<Results<AcceptedResult<ReplayRunRow>, ApiProblem>> BeginAsync(HttpContext http, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<ReplayRunBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(
            (body.Ids is null ? 0 : 1) + (body.Set is null ? 0 : 1) + (http.Request.QueryString.HasValue ? 1 : 0) != 1
                ? new("ids", "or set must be given, or filters in the query, and one of these alone") : null,
            ReplayRules.NameError("set", body.Set), ReplayRules.NameError("stage", body.Stage),
            body.Ids is { Count: 0 or > MostIds } ? new("ids", $"must be 1 to {MostIds}") : null,
            body.Concurrency is < 1 or > 20 ? new("concurrency", "must be from 1 to 20") : null,
            body.PerSecond is <= 0 or > 1_000 ? new("per_second", "must be more than 0, and at most 1000") : null)) is not null)
        {
            return problem!;
        }

        long[]? ids = body.Ids is { } given ? [.. given.Distinct()] : null;
        if (ids is null && body.Set is null)
        {
            (ids, var hasMore, problem) = await choice.ReadAsync(http, MostIds, "must have a filter: all at once are never sent", ct);
            problem ??= ApiProblem.Of(
                ids.Length == 0 ? new("query", "selects none") : null, hasMore ? new("query", $"selects more than {MostIds}; narrow it") : null);
            if (problem is not null)
            {
                return problem;
            }
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if ((ids ??= await ReplaySets.IdsAsync(connection, project.Id, body.Set!, ct)) is null)
        {
            return ApiProblem.Of(new FieldError("set", "is not known"))!;
        }

        var settings = new ReplayRunSettings(body.Stage ?? "", body.Concurrency ?? 4, body.PerSecond ?? 20, body.Twice ?? false, body.Confirm ?? false);
        var by = http.Caller()?.Name ?? "";
        await using var insert = new NpgsqlCommand("""
            INSERT INTO replay_runs (project_id, name, snapshot_ids, settings, created_by) VALUES ($1, $2, $3, $4::jsonb, $5) RETURNING id
            """, connection);
        insert.With(project.Id, body.Set ?? "", ids, JsonSerializer.Serialize(settings, ReplayStore.Written), by);
        var run = (long)(await insert.ExecuteScalarAsync(ct))!;
        var payload = JsonSerializer.Serialize(new ReplayRunPayload { RunId = run }, ReplayStore.Written);
        var (jobs, refusal) = await JobQueue.EnqueueAsync(
            connection, [new(project.Id, ReplayRunJob.Type, payload, http.Caller()?.Actor ?? "") { TraceId = http.TraceIdentifier }], ct);
        if (jobs is null)
        {
            throw new InvalidOperationException($"{refusal!.Field} {refusal.Message}");
        }

        await using var note = new NpgsqlCommand("UPDATE replay_runs SET job_id = $2 WHERE id = $1", connection);
        note.With(run, jobs[0].Id);
        await note.ExecuteNonQueryAsync(ct);
        await AuditLog.AddAsync(connection, http, new("replay.run", $"run:{run}", project.Id, After: new { ids, body.Set, settings }), ct);
        await transaction.CommitAsync(ct);
        bell.Ring();
        return new AcceptedResult<ReplayRunRow>((await RowsAsync(db, "AND r.id = $2", run, 1, ct))[0]);
    }

    public async Task<Results<ApiResult<IEnumerable<ReplayRunRow>>, ApiProblem>> ListAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var limit = query.Integer("limit", 1, ListQuery.MaxLimit) ?? ListQuery.DefaultLimit;
        return query.Problem is { } problem ? problem
            : new ApiResult<IEnumerable<ReplayRunRow>>(await RowsAsync(reads, "AND r.id <= $2", long.MaxValue, limit, ct));
    }

    public async Task<Results<ApiResult<ReplayRunReport>, ApiProblem>> FindAsync(long id, CancellationToken ct)
    {
        if ((await RowsAsync(reads, "AND r.id = $2", id, 1, ct)).FirstOrDefault() is not { } run)
        {
            return ApiProblem.NotFound("run");
        }

        await using var command = reads.CreateCommand($"SELECT {ReplayRow.Columns} FROM replays WHERE project_id = $1 AND run_id = $2 ORDER BY snapshot_id");
        command.With(project.Id, id);
        var replays = await ReplayHistory.ReadAsync(command, ct);
        var endpoints = replays.GroupBy(one => (one.Service, one.Endpoint)).OrderBy(group => group.Key).Select(group => new ReplayRunEndpoint(
            group.Key.Service, group.Key.Endpoint, Count(group, Replayed.Same), Count(group, Replayed.Differs),
            group.LongCount(row => row is { Outcome: Replayed.Differs, RecordedStatusCode: >= 500, StatusCode: < 500 }), Count(group, Replayed.Failed),
            Count(group, Replayed.Refused)));
        return new ApiResult<ReplayRunReport>(new(run, endpoints, replays));

        static long Count(IEnumerable<ReplayRow> rows, string outcome) => rows.LongCount(row => row.Outcome == outcome);
    }

    private async Task<List<ReplayRunRow>> RowsAsync(NpgsqlDataSource from, string which, long id, long limit, CancellationToken ct)
    {
        await using var command = from.CreateCommand($"{Select} WHERE r.project_id = $1 {which} GROUP BY r.id, h.finished_at ORDER BY r.id DESC LIMIT $3");
        command.With(project.Id, id, limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<ReplayRunRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(
                reader.GetInt64(0), await reader.TextOrNullAsync(1, ct), reader.GetDateTime(2), reader.GetString(3), await reader.OrNullAsync<DateTime>(4, ct),
                await reader.OrNullAsync<long>(5, ct), reader.GetInt32(6), reader.GetInt64(7), reader.GetInt64(8), reader.GetInt64(11), reader.GetInt64(9),
                reader.GetInt64(10), await reader.IsDBNullAsync(4, ct) ? 0 : reader.GetInt32(6) - reader.GetInt64(12)));
        }

        return rows;
    }
}
