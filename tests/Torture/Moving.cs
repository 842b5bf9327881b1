using System.Diagnostics;

namespace Bayou.Torture;

/// <summary>
/// Kills silos, one by one and all at once, that each come back at another address, and has two become five and two again: what Fargate does. One that
/// starts must serve in time, whatever the dead have left in the table of members.
/// </summary>
internal sealed class Moving(Nodes nodes, int seed) : ITrial
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Random _random = new(seed);
    private readonly List<string> _failures = [];
    private readonly List<Node> _silos = [.. nodes.All.Where(node => !node.IsWeb)];
    private int _kills;
    private int _all;
    private int _scaled;
    private TimeSpan _longest;

    public IReadOnlyList<string> Failures => _failures;

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            switch (round % 3)
            {
                case 0:
                    foreach (var silo in _silos)
                    {
                        await MoveAsync([silo], ct);
                    }

                    break;
                case 1:
                    await ScaleAsync(ct);
                    break;
                default:
                    _all++;
                    await MoveAsync(_silos, ct);
                    break;
            }
        }
    }

    public override string ToString() =>
        $"{_kills} silos killed that came back elsewhere, {_all} times all at once, {_scaled} times from two to five and back; "
            + $"the slowest served after {_longest.TotalSeconds:0.0} s";

    private async Task MoveAsync(List<Node> silos, CancellationToken ct)
    {
        _kills += silos.Count;
        await Task.WhenAll(silos.Select(silo => silo.KillAsync()));
        await Task.WhenAll(silos.Select(silo => StartAsync(silo, ct)));
    }

    private async Task ScaleAsync(CancellationToken ct)
    {
        _scaled++;
        await Task.WhenAll(nodes.Spare.Select(silo => StartAsync(silo, ct)));
        await Task.Delay(_random.Next(500, 3_000), ct); // They take over grains, and are gone again.
        await Task.WhenAll(nodes.Spare.Select(async silo =>
        {
            if (_random.Next(2) == 0)
            {
                await silo.KillAsync();
            }
            else if (await silo.EndAsync(ct) is not 0 and var code)
            {
                Fail($"{silo.Name} ended with {code}");
            }
        }));
    }

    private async Task StartAsync(Node silo, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        await silo.StartAsync(nodes.Http, ct);
        var took = clock.Elapsed;
        lock (_failures)
        {
            _longest = took > _longest ? took : _longest;
        }

        if (took > Patience)
        {
            Fail($"{silo.Name} served after {took.TotalSeconds:0.0} s");
        }
    }

    /// <remarks>Several silos start and end at once.</remarks>
    private void Fail(string what)
    {
        lock (_failures)
        {
            _failures.Add(what);
        }
    }
}
