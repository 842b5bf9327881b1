using Bayou.Feeds;
using Bayou.Http;
using Bayou.Segments;

namespace Bayou.Traces;

/// <summary><c>GET /traces/stream</c>: the feed of <c>id__gt</c> pushed as server-sent events.</summary>
internal sealed class TraceStream(EventStream events, SegmentCatalogue<SpanSegments> catalogue, ShortSpans spans, TimeProvider time)
{
    public static QuerySpec Spec { get; } = TraceFilter.Spec(EventStream.Begin);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var after = EventStream.After(http, query);
        var selection = TraceFilter.Read(query);
        return query.Problem ?? await events.RunAsync(
            http, new SegmentFeed<SpanSegments, SpanRow>(catalogue, spans, selection.AgainAsync, time), "span-update", after, ct);
    }
}
