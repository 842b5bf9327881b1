using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Logs;

/// <summary>The lines around one.</summary>
internal sealed record LineContext(IEnumerable<LogRow> Before, LogRow Line, IEnumerable<LogRow> After);

/// <summary><c>GET /logs/{id}</c> and <c>/logs/{id}/context</c>: one line, and those of the same source before and after it.</summary>
internal sealed class LogContext(SegmentCatalogue<LogSegments> catalogue, LogLines lines)
{
    private const int DefaultLines = 20;

    public static QuerySpec LineSpec { get; } = new([], []);

    public static QuerySpec Spec { get; } = new([("before", "Lines before it, 0 to 500; 20 unless told."), ("after", "Lines after it.")], []);

    public async Task<Results<ApiResult<LogRow>, ApiProblem>> LineAsync(HttpContext http, long id, CancellationToken ct)
    {
        if (new QueryReader(http, LineSpec).Problem is { } problem)
        {
            return problem;
        }

        if (await FindAsync(await catalogue.ReadAsync(ct), id, ct) is not { } line)
        {
            return NotFound(id);
        }

        return new ApiResult<LogRow>(line);
    }

    public async Task<Results<ApiResult<LineContext>, ApiProblem>> GetAsync(HttpContext http, long id, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var before = (int)(query.Integer("before", 0, 500) ?? DefaultLines);
        var after = (int)(query.Integer("after", 0, 500) ?? DefaultLines);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var segments = await catalogue.ReadAsync(ct);
        if (await FindAsync(segments, id, ct) is not { } line)
        {
            return NotFound(id);
        }

        var earlier = OfSource(line);
        earlier.Bound($"(created_at, id) < ({line.CreatedAt}, {line.Id})");
        var later = OfSource(line);
        later.Bound($"(created_at, id) > ({line.CreatedAt}, {line.Id})");
        var first = before == 0 ? []
            : await lines.FirstAsync(segments.Stored.Where(s => s.Bounds.MinTime <= line.CreatedAt), earlier, SegmentOrder.Newest, before, ct);
        first.Reverse();
        return new ApiResult<LineContext>(new(
            first, line, after == 0 ? []
                : await lines.FirstAsync(segments.Stored.Where(s => s.Bounds.MaxTime >= line.CreatedAt), later, SegmentOrder.Oldest, after, ct)));
    }

    private static FilterSql OfSource(LogRow line)
    {
        var sql = new FilterSql();
        sql.Add($"source = {line.Source}");
        return sql;
    }

    private async Task<LogRow?> FindAsync(StoredSegments segments, long id, CancellationToken ct)
    {
        var sql = new FilterSql();
        sql.Bound($"id = {id}");
        return (await lines.FirstAsync(segments.Stored.Where(s => s.Bounds.MinId <= id && id <= s.Bounds.MaxId), sql, SegmentOrder.IdAscending, 1, ct))
            .FirstOrDefault();
    }

    private static ApiProblem NotFound(long id) =>
        ApiProblem.OfStatus(StatusCodes.Status404NotFound) with { Message = $"There is no line {id}; it may be past its retention." };
}
