namespace Bayou.Segments;

/// <summary>A row of a segment as it was read.</summary>
internal interface ISegmentRow
{
    long Id { get; }

    /// <summary>Its own time, in UTC.</summary>
    DateTime CreatedAt { get; }
}

/// <summary>An order in which rows are read, and what the bounds of rows say about it.</summary>
/// <param name="Sql">For after ORDER BY.</param>
/// <param name="Bounds">Puts that first which may have the first row.</param>
/// <param name="Rows">Puts the first row first.</param>
/// <param name="MayPrecede">Whether there may be a row within the bounds that comes before this one.</param>
internal sealed record SegmentOrder(
    string Sql, Comparison<SegmentBounds> Bounds, Comparison<ISegmentRow> Rows, Func<SegmentBounds, ISegmentRow, bool> MayPrecede)
{
    public static readonly SegmentOrder IdAscending =
        new("id", (a, b) => a.MinId.CompareTo(b.MinId), (a, b) => a.Id.CompareTo(b.Id), (bounds, row) => bounds.MinId < row.Id);

    public static readonly SegmentOrder IdDescending =
        new("id DESC", (a, b) => b.MaxId.CompareTo(a.MaxId), (a, b) => b.Id.CompareTo(a.Id), (bounds, row) => bounds.MaxId > row.Id);

    public static readonly SegmentOrder Oldest = new(
        "created_at, id", (a, b) => a.MinTime.CompareTo(b.MinTime),
        (a, b) => (a.CreatedAt, a.Id).CompareTo((b.CreatedAt, b.Id)), (bounds, row) => bounds.MinTime <= row.CreatedAt);

    public static readonly SegmentOrder Newest = new(
        "created_at DESC, id DESC", (a, b) => b.MaxTime.CompareTo(a.MaxTime),
        (a, b) => (b.CreatedAt, b.Id).CompareTo((a.CreatedAt, a.Id)), (bounds, row) => bounds.MaxTime >= row.CreatedAt);

    /// <summary>Not by id.</summary>
    public bool IsByTime => this == Oldest || this == Newest;
}
