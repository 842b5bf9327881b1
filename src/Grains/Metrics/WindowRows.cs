using Npgsql;

namespace Bayou.Metrics;

/// <summary>Finds rows of <c>metric_windows</c> by their keys.</summary>
public static class WindowRows
{
    /// <summary>
    /// The rows of many windows, for after FROM, with <see cref="Bind"/>. The LIMIT keeps the planner to one index probe for each, where it
    /// would rather read whole partitions; the range leaves out the partitions that have none.
    /// </summary>
    public const string ByKey = """
        unnest($1::int[], $2::timestamptz[]) AS k(series_id, window_start)
         CROSS JOIN LATERAL (
               SELECT * FROM metric_windows m
                WHERE m.series_id = k.series_id AND m.window_start = k.window_start AND m.window_start BETWEEN $3 AND $4
                LIMIT 1)
        """;

    public static void Bind(NpgsqlParameterCollection parameters, IReadOnlyCollection<WindowKey> keys)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        parameters.Add(new() { Value = keys.Select(key => key.SeriesId).ToArray() });
        parameters.Add(new() { Value = keys.Select(key => key.Start.UtcDateTime).ToArray() });
        parameters.Add(new() { Value = keys.Min(key => key.Start).UtcDateTime });
        parameters.Add(new() { Value = keys.Max(key => key.Start).UtcDateTime });
    }
}
