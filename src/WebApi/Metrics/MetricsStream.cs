using Bayou.Feeds;
using Bayou.Http;

namespace Bayou.Metrics;

/// <summary><c>GET /metrics/stream</c>: the feed of <c>id__gt</c> pushed as server-sent events. An event's id is its window's.</summary>
internal sealed class MetricsStream(EventStream events, WindowFeeds feeds)
{
    public static QuerySpec Spec { get; } = new([EventStream.Begin], [.. MetricWindows.Fields.Where(field => field.Name != "id")]);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var after = EventStream.After(http, query);
        query.Filters(new FilterSql());
        return query.Problem ?? await events.RunAsync(http, feeds.Of(query), "metric-update", after, ct);
    }
}
