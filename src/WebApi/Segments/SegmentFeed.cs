using Bayou.Feeds;

namespace Bayou.Segments;

/// <summary>The rows of segments that fit one query, as they come.</summary>
/// <param name="select">What is asked for, as of now: which rows fit may depend on what came meanwhile.</param>
internal sealed class SegmentFeed<TKind, TRow>(
    SegmentCatalogue<TKind> catalogue, SegmentReader<TRow> rows, Func<CancellationToken, Task<SegmentSelection>> select, TimeProvider time) : IFeed
    where TKind : SegmentKind
    where TRow : class, ISegmentRow
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
        var selection = await select(ct);

        // What becomes visible while the segments are read one after the other is left to the next time.
        selection.Sql.Bound($"id > {id} AND id <= {_segments.Visible}");
        var newer = selection.Of(_segments).Where(segment => segment.Bounds.MaxId > id);
        return (await rows.FirstAsync(newer, selection.InRange(), SegmentOrder.IdAscending, count, ct)).ConvertAll(row => new FeedRow(row.Id, row));
    }

    public Task ChangedAsync(CancellationToken ct) => Task.Delay(Pause, time, ct);
}
