using Bayou.Feeds;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Traces;

/// <summary>
/// <c>GET /traces</c>: spans, newest first, or after a cursor. Beyond the page they are not counted, so that a list never reads more than it shows.
/// </summary>
internal sealed class TraceList(SegmentCatalogue<SpanSegments> catalogue, Spans whole, ShortSpans shortOnes, TimeProvider time)
{
    private const string TimeField = "timestamp";

    private static readonly HashSet<string> ListOnly = ["limit", "offset", "order_by", "order", "details"];

    public static QuerySpec Spec { get; } = TraceFilter.Spec(
        [.. SegmentPage.Parameters("spans", TimeField), ("details", "false leaves out attributes, events, links and resource, which are long.")]);

    public async Task<Results<ApiResult<IEnumerable<SpanRow>, ListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var selection = TraceFilter.Read(query);
        var page = new SegmentPage(query, TimeField);
        SegmentReader<SpanRow> reader = query.Choice("details", "true", "false") == "true" ? whole : shortOnes;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (page.After is { } cursor)
        {
            return await Feed.PageAsync<SpanRow, ListMetadata>(
                new SegmentFeed<SpanSegments, SpanRow>(catalogue, reader, selection.AgainAsync, time), cursor, page.Limit, ct);
        }

        // Before the rows, so that whatever is visible by now they have.
        var segments = await catalogue.ReadAsync(ct);
        page.Bound(selection.Sql, segments);
        var isAll = page.Before is null && query.IsOf(ListOnly);
        var rows = await reader.FirstAsync(page.Of(selection.Of(segments)), selection.InRange(), page.Order, page.Offset + page.Limit + 1, ct);
        var hasMore = rows.Count > page.Offset + page.Limit;
        var all = isAll ? segments.Rows : rows.Count;
        return new ApiResult<IEnumerable<SpanRow>, ListMetadata>(rows.Skip(page.Offset).Take(page.Limit), new()
        {
            Limit = page.Limit,
            Offset = page.Offset,
            Total = Math.Min(all, ListMetadata.CountedUpTo),
            LastId = segments.Visible,
            TotalIsLowerBound = isAll ? all > ListMetadata.CountedUpTo : hasMore,
        });
    }
}
