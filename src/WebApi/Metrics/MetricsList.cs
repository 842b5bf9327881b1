using Bayou.Http;

namespace Bayou.Metrics;

/// <summary><c>GET /metrics</c>: 60-second windows, newest first, or after a cursor.</summary>
internal sealed class MetricsList(MetricWindows windows, WindowFeed feed)
{
    public static QuerySpec Spec { get; } = new(
        [.. ListQuery.Parameters, ("start_date", "Windows that start at or after this time."), ("end_date", "Windows that start before this time.")],
        MetricWindows.Fields);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = MetricWindows.Filter(query);
        var list = new ListQuery(query, Spec, filter, "w.window_start DESC, s.endpoint, s.service", "s.service || ' ' || s.endpoint");
        if (query.Time("start_date") is { } start)
        {
            filter.Add($"w.window_start >= {start.UtcDateTime}");
        }

        if (query.Time("end_date") is { } end)
        {
            filter.Add($"w.window_start < {end.UtcDateTime}");
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (list.After is { } cursor && FeedFilter.Of(query) is { } wanted)
        {
            await feed.RefreshAsync(ct);
            var changed = feed.After(cursor, wanted, list.Limit);
            if (cursor >= changed.Floor)
            {
                var isAhead = cursor > changed.Drawn;
                var last = isAhead ? changed.Newest : changed.Rows is [.., var newestRow] ? newestRow.Id : cursor;
                return new ApiResult(changed.Rows.Select(row => new WrittenJson(row.Json)), new CursorMetadata(list.Limit, last, changed.HasMore, isAhead));
            }
        }

        // Before the rows, in a snapshot of its own: ids up to here are all visible, so a poller that goes on
        // from it may see a row again but never miss one.
        var (newest, drawn) = await windows.NewestIdAsync(ct);
        if (list.After is { } after)
        {
            var rows = await windows.RowsAsync(filter, list.OrderBy, list.Limit + 1, list.Offset, ct);
            var hasMore = rows.Count > list.Limit;
            rows = hasMore ? rows[..list.Limit] : rows;
            var reset = after > drawn;
            return new ApiResult(rows, new CursorMetadata(list.Limit, reset ? newest : rows.Count > 0 ? rows[^1].Id : after, hasMore, reset));
        }

        var page = await windows.RowsAsync(filter, list.OrderBy, list.Limit, list.Offset, ct);
        var total = await windows.TotalAsync(filter, ct);
        return new ApiResult(page, new PageMetadata(
            list.Limit, list.Offset, Math.Min(total, PageMetadata.CountedUpTo), newest, total > PageMetadata.CountedUpTo));
    }
}
