using Bayou.Feeds;
using Bayou.Http;
using Bayou.Segments;

namespace Bayou.Replay;

/// <summary>The captured requests that fit one query, as they come.</summary>
internal sealed class ReplayFeed(
    SegmentCatalogue<SnapshotSegments> catalogue, SegmentReader<SnapshotRow> snapshots, ReplayFilter filter, QueryReader query, TimeProvider time) : IFeed
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private StoredSegments _segments = new([], 0, 0);

    public async Task<FeedEnd> EndAsync(CancellationToken ct)
    {
        _segments = await catalogue.ReadAsync(ct);
        return new(_segments.Visible, _segments.Drawn);
    }

    public async Task<IReadOnlyList<FeedRow>> AfterAsync(long id, int count, CancellationToken ct)
    {
        var selection = filter.Read(query);

        // What becomes visible while the segments are read one after the other is left to the next time.
        selection.Sql.Bound($"id > {id} AND id <= {_segments.Visible}");
        selection = await filter.MatchingAsync(selection, ct);
        var newer = selection.Of(_segments).Where(segment => segment.Bounds.MaxId > id);
        return (await snapshots.FirstAsync(newer, selection.InRange(), SegmentOrder.IdAscending, count, ct)).ConvertAll(row => new FeedRow(row.Id, row));
    }

    public Task ChangedAsync(CancellationToken ct) => Task.Delay(Pause, time, ct);
}
