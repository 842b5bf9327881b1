using System.Diagnostics.Metrics;

namespace Bayou.Monitor;

/// <summary>What became of what was recorded, as instruments of the .NET meter <c>Bayou.Monitor</c>.</summary>
internal sealed class MonitorMeter<T>
{
    public MonitorMeter(IMeterFactory meters, SendQueue<T> queue, IBatchBody<T> body)
    {
        var meter = meters.Create("Bayou.Monitor");
        var unit = $"{{{body.Name.TrimEnd('s')}}}";
        Sent = meter.CreateCounter<long>($"bayou.monitor.{body.Name}.sent", unit, $"{body.Name} that Bayou has acknowledged.");
        Refused = meter.CreateCounter<long>($"bayou.monitor.{body.Name}.refused", unit, $"{body.Name} that Bayou refused.");
        meter.CreateObservableCounter($"bayou.monitor.{body.Name}.dropped", () => queue.Dropped, unit, $"{body.Name} dropped because the queue was full.");
        meter.CreateObservableGauge($"bayou.monitor.{body.Name}.waiting", () => queue.Count, unit, $"{body.Name} that wait to be sent.");
    }

    public Counter<long> Sent { get; }

    public Counter<long> Refused { get; }
}
