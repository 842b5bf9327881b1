using System.Text.Json.Serialization;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Logs;

/// <summary>The metadata of a page of lines. Beyond the page they are not counted, so that a list never reads more than it shows.</summary>
internal sealed record LogListMetadata : ListMetadata
{
    /// <summary>How many lines a search had to read one by one, for they are not indexed yet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? UnsealedLines { get; init; }
}

/// <summary><c>GET /logs</c>: lines, newest first, or after a cursor, or by how well they fit a search.</summary>
internal sealed class LogList(SegmentCatalogue<LogSegments> catalogue, LogLines lines, LogFilter filter, LogRelevance relevance, TimeProvider time)
{
    // Deeper pages would be read only to be thrown away: id__lt pages without end.
    private const int MaxOffset = 10_000;

    private static readonly Dictionary<(string By, bool Descending), SegmentOrder> Orders = new()
    {
        [("created_at", true)] = SegmentOrder.Newest, [("created_at", false)] = SegmentOrder.Oldest,
        [("id", true)] = SegmentOrder.IdDescending, [("id", false)] = SegmentOrder.IdAscending,
    };

    public static QuerySpec Spec { get; } = LogFilter.Spec(
        ("id__gt", "Only lines after this id, ascending; for polling. Not with order_by, order, offset or sort."),
        ("id__lt", "Only lines before this id, descending; begin with last_id + 1 to page through all backwards."),
        ("limit", "Most lines, 1 to 1000; 50 unless told."),
        ("offset", $"Lines to pass over, up to {MaxOffset}."),
        ("order_by", "created_at or id."),
        ("order", "desc or asc."),
        ("sort", "time, or relevance: by how well lines fit the search; each then has a score."));

    public async Task<Results<ApiResult<IEnumerable<LogRow>, LogListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = filter.Reader(http, Spec);
        var selection = filter.Read(query);
        var after = query.Integer("id__gt", 0, long.MaxValue);
        var before = query.Integer("id__lt", 0, long.MaxValue);
        var limit = (int)(query.Integer("limit", 1, ListQuery.MaxLimit) ?? ListQuery.DefaultLimit);
        var offset = (int)(query.Integer("offset", 0, MaxOffset) ?? 0);
        var by = query.Choice("order_by", "created_at", "id");
        var isDescending = query.Choice("order", "desc", "asc") == "desc";
        var byRelevance = query.Choice("sort", "time", "relevance") == "relevance";
        foreach (var other in (string[])["order_by", "order", "offset", "sort"])
        {
            if (query.Has(other) && query.Has("id__gt"))
            {
                query.Fail(other, "does not go with id__gt, which has its own order");
            }
        }

        if (byRelevance && selection.Search.Wanted.Count == 0)
        {
            query.Fail("sort", "can be relevance only with words to search for");
        }

        if (byRelevance && offset + limit > LogRelevance.Ranked)
        {
            query.Fail("offset", $"and limit go no further than {LogRelevance.Ranked} lines by relevance");
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (after is { } cursor)
        {
            return await Feed.PageAsync<LogRow, LogListMetadata>(new LogFeed(catalogue, lines, filter, query, time), cursor, limit, ct);
        }

        // Before the lines, so that whatever is visible by now they have.
        var segments = await catalogue.ReadAsync(ct);
        // So that a poller that goes on from there sees nothing twice. Not by the index, which is of no use for it.
        selection.Sql.Bound($"id + 0 <= {segments.Visible}");
        if (before is { } bound)
        {
            selection.Sql.Bound($"id < {bound}");
        }

        var order = before is null ? Orders[(by, isDescending)] : SegmentOrder.IdDescending;
        var isAll = selection is { Start: null, End: null, Search.Count: 0 } && before is null
            && query.IsOf(ListOnly);
        List<LogRow> rows;
        if (byRelevance)
        {
            rows = await relevance.RankAsync(selection, segments, offset + limit + 1, ct);
        }
        else
        {
            selection = await filter.MatchingAsync(selection, segments, ct);
            rows = await lines.FirstAsync(selection.Of(segments).Where(s => before is null || s.Bounds.MinId < before), selection.InRange(), order,
                offset + limit + 1, ct);
        }

        var hasMore = rows.Count > offset + limit;
        var total = isAll ? Math.Min(segments.Rows, ListMetadata.CountedUpTo) : rows.Count;
        long? unsealed = selection.Search.Wanted.Count > 0 ? selection.Of(segments).Where(s => !s.IsSealed).Sum(s => s.Rows) : null;
        return new ApiResult<IEnumerable<LogRow>, LogListMetadata>(rows.Skip(offset).Take(limit), new()
        {
            Limit = limit,
            Offset = offset,
            Total = total,
            LastId = segments.Visible,
            TotalIsLowerBound = isAll ? segments.Rows > ListMetadata.CountedUpTo : hasMore,
            UnsealedLines = unsealed,
        });
    }

    private static readonly HashSet<string> ListOnly = ["limit", "offset", "order_by", "order", "sort", "mode"];
}
