namespace Bayou.Logs;

/// <summary>An order in which lines are read, and what the bounds of lines say about it.</summary>
/// <param name="Sql">For after ORDER BY.</param>
/// <param name="Bounds">Puts that first which may have the first line.</param>
/// <param name="Lines">Puts the first line first.</param>
/// <param name="MayPrecede">Whether there may be a line within the bounds that comes before this one.</param>
internal sealed record LogOrder(string Sql, Comparison<LogBounds> Bounds, Comparison<LogRow> Lines, Func<LogBounds, LogRow, bool> MayPrecede)
{
    public static readonly LogOrder IdAscending = new("id", (a, b) => a.MinId.CompareTo(b.MinId), (a, b) => a.Id.CompareTo(b.Id), (bounds, line) => bounds.MinId < line.Id);

    public static readonly LogOrder IdDescending = new("id DESC", (a, b) => b.MaxId.CompareTo(a.MaxId), (a, b) => b.Id.CompareTo(a.Id), (bounds, line) => bounds.MaxId > line.Id);

    public static readonly LogOrder Oldest = new(
        "created_at, id", (a, b) => a.MinTime.CompareTo(b.MinTime),
        (a, b) => (a.CreatedAt, a.Id).CompareTo((b.CreatedAt, b.Id)), (bounds, line) => bounds.MinTime <= line.CreatedAt);

    public static readonly LogOrder Newest = new(
        "created_at DESC, id DESC", (a, b) => b.MaxTime.CompareTo(a.MaxTime),
        (a, b) => (b.CreatedAt, b.Id).CompareTo((a.CreatedAt, a.Id)), (bounds, line) => bounds.MaxTime >= line.CreatedAt);

    /// <summary>Not by id.</summary>
    public bool IsByTime => this == Oldest || this == Newest;
}
