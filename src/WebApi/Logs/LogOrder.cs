namespace Bayou.Logs;

/// <summary>An order in which lines are read, and what a segment's bounds say about it.</summary>
/// <param name="Sql">For after ORDER BY.</param>
/// <param name="Segments">Puts that segment first which may have the first line.</param>
/// <param name="Lines">Puts the first line first.</param>
/// <param name="MayPrecede">Whether a segment may have a line that comes before this one.</param>
internal sealed record LogOrder(string Sql, Comparison<StoredSegment> Segments, Comparison<LogRow> Lines, Func<StoredSegment, LogRow, bool> MayPrecede)
{
    public static readonly LogOrder IdAscending = new("id", (a, b) => a.MinId.CompareTo(b.MinId), (a, b) => a.Id.CompareTo(b.Id), (segment, line) => segment.MinId < line.Id);

    public static readonly LogOrder IdDescending = new("id DESC", (a, b) => b.MaxId.CompareTo(a.MaxId), (a, b) => b.Id.CompareTo(a.Id), (segment, line) => segment.MaxId > line.Id);

    public static readonly LogOrder Oldest = new(
        "created_at, id", (a, b) => a.MinTime.CompareTo(b.MinTime),
        (a, b) => (a.CreatedAt, a.Id).CompareTo((b.CreatedAt, b.Id)), (segment, line) => segment.MinTime <= line.CreatedAt);

    public static readonly LogOrder Newest = new(
        "created_at DESC, id DESC", (a, b) => b.MaxTime.CompareTo(a.MaxTime),
        (a, b) => (b.CreatedAt, b.Id).CompareTo((a.CreatedAt, a.Id)), (segment, line) => segment.MaxTime >= line.CreatedAt);
}
