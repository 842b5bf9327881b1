namespace Bayou.Metrics;

/// <summary>
/// Of each minute of a service the windows of the best origin count, and the others are left out: a service that sends requests and spans counts once. It is
/// decided where windows of a minute are read, so that it makes no difference which came first; longer windows are merged from those that count.
/// </summary>
internal static class BestOrigin
{
    /// <summary>Whether a better one has a window of that minute.</summary>
    /// <param name="window">What the row of <c>metric_windows</c> is called.</param>
    public static string HasBetter(string window) => $"""
        EXISTS (SELECT FROM series_rivals r JOIN metric_windows b ON b.series_id = r.better_id AND b.window_start = {window}.window_start
                 WHERE r.series_id = {window}.series_id)
        """;
}
