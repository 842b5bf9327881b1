using Bayou.Feeds;
using Bayou.Http;
using Bayou.Segments;

namespace Bayou.Replay;

/// <summary><c>GET /replay/stream</c>: the feed of <c>id__gt</c> pushed as server-sent events.</summary>
internal sealed class ReplayStream(
    EventStream events, SegmentCatalogue<SnapshotSegments> catalogue, Snapshots snapshots, ReplayFilter filter, TimeProvider time)
{
    public static QuerySpec Spec { get; } = ReplayFilter.Spec(EventStream.Begin);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var after = EventStream.After(http, query);
        filter.Read(query);
        return query.Problem ?? await events.RunAsync(
            http, new SegmentFeed<SnapshotSegments, SnapshotRow>(catalogue, snapshots, stop => filter.FeedAsync(query, stop), time), "snapshot-update", after,
            ct);
    }
}
