using Bayou.Database;
using Bayou.Feeds;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>How many jobs have a value.</summary>
internal sealed record FacetCount(string Value, long Count);

/// <summary>What the jobs that filters select are, by type, status and queue.</summary>
/// <param name="IsLowerBound">There are more: only so many were counted.</param>
internal sealed record JobFacets(IReadOnlyList<FacetCount> Type, IReadOnlyList<FacetCount> Status, IReadOnlyList<FacetCount> Queue, bool IsLowerBound);

/// <summary>
/// <c>GET /worker/jobs</c>: newest first, or after a cursor. A job keeps its id: <c>id__gt</c> tells of new jobs, and what becomes of a job is seen by
/// asking for it, or for the page, again.
/// </summary>
internal sealed class JobList([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time)
{
    private const int MostCounted = 100_000;

    private static readonly FilterField[] Fields =
    [
        new("id", "w.id", FieldType.Integer), new("type", "w.type", FieldType.Text), new("queue", "w.queue", FieldType.Text),
        new("status", "w.status", FieldType.Text), new("priority", "w.priority", FieldType.Integer), new("attempts", "w.attempts", FieldType.Integer),
        new("max_attempts", "w.max_attempts", FieldType.Integer), new("run_at", "w.run_at", FieldType.Time),
        new("started_at", "w.started_at", FieldType.Time), new("finished_at", "w.finished_at", FieldType.Time),
        new("created_at", "w.created_at", FieldType.Time), new("created_by", "w.created_by", FieldType.Text), new("error", "w.error", FieldType.Text),
        new("error_pattern", "w.error_pattern", FieldType.Text), new("trace_id", "w.trace_id", FieldType.Text),
        new("schedule_id", "w.schedule_id", FieldType.Integer), new("batch_id", "w.batch_id", FieldType.Integer),
        new("unique_key", "w.unique_key", FieldType.Text),
    ];

    public static QuerySpec Spec { get; } = new([.. ListQuery.Parameters, JobScope.Parameter], Fields);

    /// <summary>Of what is to be done with, or counted of, all that filters select.</summary>
    public static QuerySpec SelectionSpec { get; } = new([JobScope.Parameter, ("search", "Text that the job must contain.")], Fields);

    private const string Searched = "concat_ws(' ', w.type, w.queue, w.payload::text, w.error, w.created_by, w.unique_key)";

    public async Task<Results<ApiResult<IEnumerable<JobRow>, ListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = new FilterSql();
        filter.Add($"w.project_id = {JobScope.Of(http, query)}");
        var list = new ListQuery(query, Spec, filter, "w.id DESC", Searched);
        var source = JobSource.Of(Statuses(query));
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var newest = await EndAsync(ct);
        if (list.After is { } after)
        {
            filter.Add($"w.id <= {newest.Visible}");
            var feed = new TableFeed<JobRow>(
                _ => Task.FromResult(newest), (_, most, token) => RowsAsync(source, filter, "w.id", most, 0, token), row => row.Id, time);
            return await Feed.PageAsync<JobRow, ListMetadata>(feed, after, list.Limit, ct);
        }

        var rows = await RowsAsync(source, filter, list.OrderBy, list.Limit, list.Offset, ct);
        var count = await ListQuery.CountAsync(db, $"FROM {source}", filter, ct);
        return new ApiResult<IEnumerable<JobRow>, ListMetadata>(rows, ListMetadata.Of(list, count, newest.Visible));
    }

    public async Task<Results<ApiResult<JobFacets>, ApiProblem>> FacetsAsync(HttpContext http, CancellationToken ct)
    {
        var (filter, source, problem) = Selection(http, among: null);
        if (problem is not null)
        {
            return problem;
        }

        await using var command = db.CreateCommand($"""
            SELECT type, status, queue, count(*) FROM (SELECT w.type, w.status, w.queue FROM {source} WHERE {filter.Where} LIMIT {MostCounted + 1}) counted
             GROUP BY GROUPING SETS ((type), (status), (queue), ()) ORDER BY 4 DESC, 1, 2, 3
            """);
        filter.Bind(command.Parameters);
        var counts = new[] { new List<FacetCount>(), [], [] };
        var total = 0L;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var count = reader.GetInt64(3);
            total = Math.Max(total, count);
            for (var facet = 0; facet < counts.Length; facet++)
            {
                if (await reader.TextOrNullAsync(facet, ct) is { } value)
                {
                    counts[facet].Add(new(value, count));
                }
            }
        }

        return new ApiResult<JobFacets>(new(counts[0], counts[1], counts[2], total > MostCounted));
    }

    /// <summary>The jobs that a request's filters select.</summary>
    /// <param name="among">What is to be changed has one of these statuses, and there must be a filter: nobody means all jobs there are. Null to look.</param>
    public static (FilterSql Filter, string Source, ApiProblem? Problem) Selection(HttpContext http, string[]? among)
    {
        var query = new QueryReader(http, SelectionSpec);
        var filter = new FilterSql();
        filter.Add($"w.project_id = {JobScope.Of(http, query)}");
        query.Filters(filter);
        if (query.Text("search") is { Length: > 0 } search)
        {
            filter.AddSearch(Searched, search.Replace('\0', ' '));
        }

        if (among is not null && !query.Has("search") && Fields.All(field => !query.Filters(field.Name)))
        {
            query.Fail("query", "must have a filter, as status=dead or id__in=7,9");
        }

        var statuses = Statuses(query);
        if (among is not null)
        {
            filter.AddSql($"w.status = ANY ({filter.Parameter(among)})");
            statuses = statuses?.Intersect(among).ToList() is { Count: > 0 } named ? named : among;
        }

        return (filter, JobSource.Of(statuses), query.Problem);
    }

    /// <summary>The statuses that the filters leave; null for all.</summary>
    private static IReadOnlyList<string>? Statuses(QueryReader query)
    {
        var named = query.Text("status") ?? query.Text("status__eq") ?? query.Text("status__in");
        if (named is null)
        {
            return null;
        }

        var statuses = query.Has("status__in") && !query.Has("status") && !query.Has("status__eq") ? FilterSql.ToValues(named) : [named];
        if (statuses.FirstOrDefault(status => !JobStatus.All.Contains(status)) is not null)
        {
            query.Fail("status", $"must be one of {string.Join(", ", JobStatus.All)}");
        }

        return statuses;
    }

    private async Task<List<JobRow>> RowsAsync(string source, FilterSql filter, string orderBy, int limit, long offset, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            $"SELECT {JobRow.Columns} FROM {source} WHERE {filter.Where} ORDER BY {orderBy} LIMIT {limit} OFFSET {offset}");
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<JobRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(await JobRow.ReadAsync(reader, ct));
        }

        return rows;
    }

    private async Task<FeedEnd> EndAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT visible, drawn FROM jobs_end()");
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt64(0), reader.GetInt64(1));
    }
}
