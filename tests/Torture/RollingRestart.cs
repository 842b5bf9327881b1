using System.Diagnostics;

namespace Bayou.Torture;

/// <summary>
/// Ends every process of the cluster in turn, as an update does, and starts it again, while senders and readers go by readiness as a load balancer does: no
/// request may fail. With another version beside this, silos go from one to the other, then web nodes, and back: each web node has met each silo.
/// </summary>
/// <param name="before">The folder with the other version's build, which all run first; null for none.</param>
internal sealed class RollingRestart(Nodes nodes, Ledger ledger, string? before) : ITrial
{
    private static readonly TimeSpan HandOver = TimeSpan.FromSeconds(10);
    private readonly List<string> _failures = [];
    private int _restarts;
    private int _rounds;
    private TimeSpan _longest;

    public IReadOnlyList<string> Failures => ledger.InVain == 0 ? _failures : [.. _failures, $"{ledger.InVain} requests failed at their senders"];

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        for (; !stop.IsCancellationRequested || (before is not null && _rounds < 4); _rounds++)
        {
            foreach (var node in nodes.All.Where(node => before is null || node.IsWeb == (_rounds % 2 == 1)))
            {
                node.Folder = before is not null && _rounds % 4 >= 2 ? before : AppContext.BaseDirectory;
                await RestartAsync(node, ct);
            }
        }

        if (_longest > HandOver + Nodes.Drain)
        {
            _failures.Add($"one took {_longest.TotalSeconds:0.0} s to end");
        }
    }

    public override string ToString() =>
        $"{_restarts} processes restarted{(before is null ? "" : $" in {_rounds} changes of version")}, the slowest took {_longest.TotalSeconds:0.0} s to end";

    private async Task RestartAsync(Node node, CancellationToken ct)
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
