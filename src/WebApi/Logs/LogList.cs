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
    private const string TimeField = "created_at";

    public static QuerySpec Spec { get; } = LogFilter.Spec(
    [
        .. SegmentPage.Parameters("lines", TimeField),
        ("sort", "time, or relevance: by how well lines fit the search; each then has a score. Not with id__gt."),
    ]);

    public async Task<Results<ApiResult<IEnumerable<LogRow>, LogListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = filter.Reader(http, Spec);
        var selection = filter.Read(query);
        var page = new SegmentPage(query, TimeField);
        var (limit, offset) = (page.Limit, page.Offset);
        var byRelevance = query.Choice("sort", "time", "relevance") == "relevance";
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

        if (page.After is { } cursor)
        {
            return await Feed.PageAsync<LogRow, LogListMetadata>(
                new SegmentFeed<LogSegments, LogRow>(catalogue, lines, stop => filter.FeedAsync(query, stop), time), cursor, limit, ct);
        }

        // Before the lines, so that whatever is visible by now they have.
        var segments = await catalogue.ReadAsync(ct);
        page.Bound(selection.Sql, segments);
        var isAll = selection is { Start: null, End: null, Search.Count: 0 } && page.Before is null
            && query.IsOf(ListOnly);
        List<LogRow> rows;
        if (byRelevance)
        {
            rows = await relevance.RankAsync(selection, segments, offset + limit + 1, ct);
        }
        else
        {
            selection = await filter.MatchingAsync(selection, segments, ct);
            rows = await lines.FirstAsync(page.Of(selection.Of(segments)), selection.InRange(), page.Order, offset + limit + 1, ct);
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
