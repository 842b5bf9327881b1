namespace Bayou.Monitor.Capture;

/// <summary>
/// An estimate of a route's p99, of one number: it goes up much with each slower request and down little with each other (Ma, Muthukrishnan and Sandler,
/// "Frugal Streaming for Estimating Quantiles", 2013; here by shares of itself). Threads may overwrite each other's steps, which it makes up for.
/// </summary>
internal sealed class RouteLatency
{
    private const double Quantile = 0.99;
    private const double Step = 0.05;
    private const int Settled = 200; // requests, before which it says nothing

    private double _estimate;
    private int _count;

    /// <summary>Takes a request in.</summary>
    /// <returns>Whether it is slower than nearly all before it.</returns>
    public bool IsSlow(double micros)
    {
        var (estimate, isSettled) = (_estimate, _count >= Settled);
        _count += isSettled ? 0 : 1;
        _estimate = estimate <= 0 ? micros : estimate * (micros > estimate ? 1 + (Step * Quantile) : 1 - (Step * (1 - Quantile)));
        return isSettled && micros > estimate;
    }
}
