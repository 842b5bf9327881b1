using Bayou.Http;

namespace Bayou.Segments;

/// <summary>Which rows are asked for.</summary>
/// <param name="Sql">All but the range of time.</param>
/// <param name="Start">In UTC; null for no bound.</param>
internal record SegmentSelection(FilterSql Sql, DateTime? Start, DateTime? End)
{
    /// <summary>Reads the range; what is wrong with it, the query says.</summary>
    public static (DateTime? Start, DateTime? End) Range(QueryReader query)
    {
        var (start, end) = (query.Time("start_date"), query.Time("end_date"));
        foreach (var (name, given) in (ReadOnlySpan<(string, DateTimeOffset?)>)[("start_date", start), ("end_date", end)])
        {
            if (given is { Year: < 1970 or > 9_000 })
            {
                query.Fail(name, "must be within the years 1970 to 9000");
            }
        }

        if (end <= start)
        {
            query.Fail("end_date", "must be after start_date");
        }

        return (start?.UtcDateTime, end?.UtcDateTime);
    }

    /// <summary>All of it.</summary>
    public FilterSql InRange()
    {
        var sql = Sql.Copy();
        if (Start is { } from)
        {
            sql.Bound($"created_at >= {from}");
        }

        if (End is { } to)
        {
            sql.Bound($"created_at < {to}");
        }

        return sql;
    }

    /// <summary>Segments that may have such rows.</summary>
    public IEnumerable<StoredSegment> Of(StoredSegments segments) => segments.Stored.Where(segment => segment.Bounds.Overlaps(Start, End));
}
