using Bayou.Http;

namespace Bayou.Segments;

/// <summary>Which page of a list of segments' rows is asked for, and in which order.</summary>
internal sealed class SegmentPage
{
    // Deeper pages would be read only to be thrown away: id__lt pages without end.
    private const int MaxOffset = 10_000;

    private static readonly Dictionary<(bool ByTime, bool Descending), SegmentOrder> Orders = new()
    {
        [(true, true)] = SegmentOrder.Newest, [(true, false)] = SegmentOrder.Oldest,
        [(false, true)] = SegmentOrder.IdDescending, [(false, false)] = SegmentOrder.IdAscending,
    };

    /// <param name="time">What the rows' own time is called.</param>
    public SegmentPage(QueryReader query, string time)
    {
        After = query.Integer("id__gt", 0, long.MaxValue);
        Before = query.Integer("id__lt", 0, long.MaxValue);
        Limit = (int)(query.Integer("limit", 1, ListQuery.MaxLimit) ?? ListQuery.DefaultLimit);
        Offset = (int)(query.Integer("offset", 0, MaxOffset) ?? 0);
        var isByTime = query.Choice("order_by", time, "id") == time;
        var isDescending = query.Choice("order", "desc", "asc") == "desc";
        Order = Before is null ? Orders[(isByTime, isDescending)] : SegmentOrder.IdDescending;
        foreach (var other in (string[])["order_by", "order", "offset", "sort"])
        {
            if (query.Has(other) && query.Has("id__gt"))
            {
                query.Fail(other, "does not go with id__gt, which has its own order");
            }
        }
    }

    /// <summary>The poller's cursor; null for a page of the whole list.</summary>
    public long? After { get; }

    public long? Before { get; }

    public int Limit { get; }

    public int Offset { get; }

    public SegmentOrder Order { get; }

    /// <param name="what">What the rows are, in the plural.</param>
    public static IReadOnlyList<(string Name, string Meaning)> Parameters(string what, string time) =>
    [
        ("id__gt", $"Only {what} after this id, ascending; for polling. Not with order_by, order or offset."),
        ("id__lt", $"Only {what} before this id, descending; begin with last_id + 1 to page through all backwards."),
        ("limit", $"Most {what}, 1 to {ListQuery.MaxLimit}; {ListQuery.DefaultLimit} unless told."),
        ("offset", $"{what[..1].ToUpperInvariant()}{what[1..]} to pass over, up to {MaxOffset}."),
        ("order_by", $"{time} or id."),
        ("order", "desc or asc."),
    ];

    /// <summary>Narrows what is asked for to what is visible, and to what comes before a cursor.</summary>
    public void Bound(FilterSql sql, StoredSegments segments)
    {
        // So that a poller that goes on from there sees nothing twice. Not by the index, which is of no use for it.
        sql.Bound($"id + 0 <= {segments.Visible}");
        if (Before is { } bound)
        {
            sql.Bound($"id < {bound}");
        }
    }

    /// <summary>Segments that may have rows of the page.</summary>
    public IEnumerable<StoredSegment> Of(IEnumerable<StoredSegment> segments) =>
        segments.Where(segment => Before is null || segment.Bounds.MinId < Before);
}
