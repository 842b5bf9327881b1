using System.Net.Http.Headers;

namespace Bayou.Monitor;

/// <summary>How long to wait before a batch is tried again.</summary>
internal static class RetryDelay
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Twice as long each time, up to 15 s, of which a random half is taken off so that many processes do not return at
    /// once; never sooner than the server asked, within a minute.
    /// </summary>
    /// <param name="attempt">1 after the first failure.</param>
    /// <param name="random">0 to 1.</param>
    /// <param name="asked">What the server asked for.</param>
    public static TimeSpan After(int attempt, double random, TimeSpan? asked = null)
    {
        var full = Math.Min(Longest.TotalMilliseconds, First.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 30)));
        var wait = TimeSpan.FromMilliseconds(full * (1 - (random / 2)));
        var least = asked is { } a && a < TimeSpan.FromMinutes(1) ? a : asked is null ? TimeSpan.Zero : TimeSpan.FromMinutes(1);
        return wait > least ? wait : least;
    }

    public static TimeSpan? Asked(RetryConditionHeaderValue? header, DateTimeOffset now) =>
        header?.Delta ?? (header?.Date is { } date && date > now ? date - now : null);
}
