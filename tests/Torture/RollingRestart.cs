using System.Diagnostics;

namespace Bayou.Torture;

/// <summary>Ends every process of the cluster in turn, as an update does, and starts it again, while senders go by readiness as a load balancer does.</summary>
internal sealed class RollingRestart(Nodes nodes, Ledger ledger) : ITrial
{
    private static readonly TimeSpan HandOver = TimeSpan.FromSeconds(10);
    private readonly List<string> _failures = [];
    private int _restarts;
    private TimeSpan _longest;

    public IReadOnlyList<string> Failures => ledger.InVain == 0 ? _failures : [.. _failures, $"{ledger.InVain} requests failed at their senders"];

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        while (!stop.IsCancellationRequested)
        {
            foreach (var node in nodes.All)
            {
                var clock = Stopwatch.StartNew();
                if (await node.EndAsync(ct) is not 0 and var code)
                {
                    _failures.Add($"{node.Name} ended with {code}");
                }

                _longest = clock.Elapsed > _longest ? clock.Elapsed : _longest;
                await node.StartAsync(nodes.Http, ct);
                await nodes.OpenAsync(ct);
                _restarts++;
            }
        }

        if (_longest > HandOver + Nodes.Drain)
        {
            _failures.Add($"one took {_longest.TotalSeconds:0.0} s to end");
        }
    }

    public override string ToString() => $"{_restarts} processes restarted, the slowest took {_longest.TotalSeconds:0.0} s to end";
}
