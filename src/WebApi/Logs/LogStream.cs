using Bayou.Feeds;
using Bayou.Http;
using Bayou.Segments;

namespace Bayou.Logs;

/// <summary><c>GET /logs/stream</c>: the feed of <c>id__gt</c> pushed as server-sent events.</summary>
internal sealed class LogStream(EventStream events, SegmentCatalogue<LogSegments> catalogue, LogLines lines, LogFilter filter, TimeProvider time)
{
    public static QuerySpec Spec { get; } = LogFilter.Spec(EventStream.Begin);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = filter.Reader(http, Spec);
        var after = EventStream.After(http, query);
        filter.Read(query);
        return query.Problem ?? await events.RunAsync(
            http, new SegmentFeed<LogSegments, LogRow>(catalogue, lines, stop => filter.FeedAsync(query, stop), time), "log-update", after, ct);
    }
}
