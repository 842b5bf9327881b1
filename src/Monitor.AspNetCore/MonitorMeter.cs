using System.Diagnostics.Metrics;

namespace Bayou.Monitor;

/// <summary>What became of the recorded requests, as a .NET meter named <c>Bayou.Monitor</c>.</summary>
internal sealed class MonitorMeter
{
    public MonitorMeter(IMeterFactory meters, ObservationQueue queue)
    {
        var meter = meters.Create("Bayou.Monitor");
        Sent = meter.CreateCounter<long>("bayou.monitor.requests.sent", "{request}", "Requests that Bayou has acknowledged.");
        Refused = meter.CreateCounter<long>("bayou.monitor.requests.refused", "{request}", "Requests that Bayou refused.");
        meter.CreateObservableCounter("bayou.monitor.requests.dropped", () => queue.Dropped, "{request}", "Requests dropped because the queue was full.");
        meter.CreateObservableGauge("bayou.monitor.queue.length", () => queue.Count, "{request}", "Requests that wait to be sent.");
    }

    public Counter<long> Sent { get; }

    public Counter<long> Refused { get; }
}
