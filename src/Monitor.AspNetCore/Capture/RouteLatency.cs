namespace Bayou.Monitor.Capture;

/// <summary>
/// An estimate of a route's p99, of one number: it goes up much with each slower request and down little with each other (Ma, Muthukrishnan and Sandler,
/// "Frugal Streaming for Estimating Quantiles", 2013; here by shares of itself). It begins at the third largest of two hundred, so that a slow first
/// request makes no difference. Threads may overwrite each other's steps, which it makes up for.
/// </summary>
internal sealed class RouteLatency
{
    private const double Quantile = 0.99;
    private const double Step = 0.05;
    private const int Settled = 200; // requests, before which it says nothing

    private readonly double[] _largest = new double[3]; // until it is settled, the largest first
    private double _estimate;
    private int _count;

    /// <summary>Takes a request in.</summary>
    /// <returns>Whether it is slower than nearly all before it.</returns>
    public bool IsSlow(double micros)
    {
        if (_count >= Settled)
        {
            var estimate = _estimate;
            _estimate = estimate * (micros > estimate ? 1 + (Step * Quantile) : 1 - (Step * (1 - Quantile)));
            return micros > estimate;
        }

        lock (_largest)
        {
            for (var at = 0; at < _largest.Length; at++)
            {
                if (micros > _largest[at])
                {
                    (micros, _largest[at]) = (_largest[at], micros);
                }
            }

            _estimate = Math.Max(1, _largest[^1]);
            _count++;
            return false;
        }
    }
}
