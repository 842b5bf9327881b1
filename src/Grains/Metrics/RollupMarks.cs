namespace Bayou.Metrics;

/// <summary>Which windows are not merged from all that is finer.</summary>
internal static class RollupMarks
{
    /// <summary>
    /// Marks windows of a length in seconds, $1, by their starts, $2. An update, not nothing, where there is a mark: it waits for a roll-up that is taking it.
    /// </summary>
    public const string Set = """
        INSERT INTO metric_marks AS m (seconds, start)
        SELECT $1, t.start FROM unnest($2::timestamptz[]) AS t(start) ORDER BY t.start
        ON CONFLICT (seconds, start) DO UPDATE SET touched_at = now()
        """;
}
