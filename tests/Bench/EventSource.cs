using System.Globalization;
using System.Text;

namespace Bayou.Bench;

internal readonly record struct Event(int Route, int Status, double DurationMs, long UnixMs, int RequestSize, int ResponseSize);

/// <summary>The same events for each seed: skewed routes, log-normal latencies, spread over a time.</summary>
internal sealed class EventSource
{
    public const int Routes = 200;
    private const double Sigma = 0.6;

    private readonly Random _random = new(42);
    private readonly double[] _cumulated;
    private readonly double[] _medians;
    private readonly TimeSpan _span;
    private readonly DateTimeOffset _end;

    /// <param name="span">How far they reach back; six hours unless told.</param>
    public EventSource(int routes = Routes, TimeSpan? span = null, DateTimeOffset? end = null)
    {
        (_cumulated, _medians) = (new double[routes], new double[routes]);
        (_span, _end) = (span ?? TimeSpan.FromHours(6), end ?? DateTimeOffset.UtcNow);
        var sum = 0.0;
        for (var rank = 0; rank < routes; rank++)
        {
            _cumulated[rank] = sum += 1.0 / (rank + 5);
            _medians[rank] = 2 * Math.Pow(150, _random.NextDouble()); // log-uniform, 2 to 300 ms
        }
    }

    public Event Next()
    {
        var at = Array.BinarySearch(_cumulated, _random.NextDouble() * _cumulated[^1]);
        var route = Math.Min(_cumulated.Length - 1, at < 0 ? ~at : at);
        return new(route, _random.NextDouble() < 0.97 ? 200 : 500, Math.Round(_medians[route] * Math.Exp(Sigma * Normal()), 3),
            (_end - (_random.NextDouble() * _span)).ToUnixTimeMilliseconds(), (int)(400 * Math.Exp(0.4 * Normal())), (int)(2_500 * Math.Exp(0.5 * Normal())));
    }

    /// <summary>NDJSON bodies of so many lines.</summary>
    public IEnumerable<byte[]> Bodies(string service, int events, int lines)
    {
        var text = new StringBuilder(lines * 160);
        for (var i = 1; i <= events; i++)
        {
            var e = Next();
            text.Append(CultureInfo.InvariantCulture,
                $"{{\"service\":\"{service}\",\"method\":\"GET\",\"route\":\"/r/{e.Route}/{{id}}\",\"status\":{e.Status},");
            text.Append(CultureInfo.InvariantCulture,
                $"\"duration_ms\":{e.DurationMs},\"time\":{e.UnixMs},\"request_size\":{e.RequestSize},\"response_size\":{e.ResponseSize}}}\n");
            if (i % lines == 0 || i == events)
            {
                yield return Encoding.UTF8.GetBytes(text.ToString());
                text.Clear();
            }
        }
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
