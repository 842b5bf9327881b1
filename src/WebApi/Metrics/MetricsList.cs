using Bayou.Feeds;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Metrics;

/// <summary>
/// <c>GET /metrics</c>: 60-second windows, newest first, or after a cursor. The page's charts poll it to learn what has changed, and read
/// <c>/metrics/aggregate</c>.
/// </summary>
internal sealed class MetricsList(MetricWindows windows, WindowFeeds feeds)
{
    public static QuerySpec Spec { get; } = new(
        [.. ListQuery.Parameters, ("start_date", "Windows that start at or after this time."), ("end_date", "Windows that start before this time.")],
        MetricWindows.Fields);

    public async Task<Results<ApiResult<IEnumerable<MetricRow>, ListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = MetricWindows.Filter(query);
        var list = new ListQuery(query, Spec, filter, "w.window_start DESC, s.endpoint, s.service", "s.service || ' ' || s.endpoint");
        MetricWindows.Range(query, filter);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (list.After is { } after)
        {
            return await Feed.PageAsync<MetricRow, ListMetadata>(feeds.Of(query), after, list.Limit, ct);
        }

        // Before the rows, in a snapshot of its own: ids up to here are all visible, so a poller that goes on from it may see a row again but never miss one.
        var (newest, _) = await windows.NewestIdAsync(ct);
        var page = await windows.RowsAsync(filter, list.OrderBy, list.Limit, list.Offset, ct);
        return ApiResult<IEnumerable<MetricRow>, ListMetadata>.Written(page, ListMetadata.Of(list, await windows.TotalAsync(filter, ct), newest));
    }
}
