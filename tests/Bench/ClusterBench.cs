namespace Bayou.Bench;

/// <summary>The same ingest by one process, and by silos and web nodes of their own: what the way between them costs.</summary>
internal sealed class ClusterBench(string url, BenchDatabase database, Table table, int events)
{
    private const int Senders = 4;

    // Four processes share what warms up one.
    private const int WarmUps = 4;

    public async Task RunAsync()
    {
        await using (var one = await Server.LaunchAsync("WebApi.dll", [], Server.Settings(url)))
        {
            await MeasureAsync("one process", "one", new([one], [one]));
        }

        foreach (var silos in (int[])[1, 2])
        {
            await using var fleet = await StartAsync(silos, webs: 2);
            await MeasureAsync($"{silos} {(silos == 1 ? "silo" : "silos")} + 2 web nodes", $"cluster{silos}", fleet);
        }
    }

    private async Task MeasureAsync(string what, string service, Fleet fleet)
    {
        var ingest = new IngestBench(fleet, database, table, events);
        for (var i = 0; i < WarmUps; i++)
        {
            await ingest.WarmUpAsync();
        }

        await MeasureAsync(what, "of now", $"{service}-now", fleet, ingest, new(span: TimeSpan.FromMinutes(2)));
        await MeasureAsync(what, "of 6 h", service, fleet, ingest, new());
    }

    private async Task MeasureAsync(string what, string when, string service, Fleet fleet, IngestBench ingest, EventSource source)
    {
        var (taken, settled, cpu) = await ingest.SendAsync(fleet, [.. source.Bodies(service, events, IngestBench.Lines)], Senders);
        table.Add($"{what}, events {when}, {Senders} senders: events/s acknowledged", $"{events / taken.TotalSeconds:#,0}",
            $"all in its window after {settled.TotalSeconds:0.0} s", "");
        table.Add("the same: CPU s per 1M, app + PostgreSQL", $"{cpu.App:0.00} + {cpu.Postgres:0.00}", await ingest.WindowsAsync(service),
            "2 + 2: less than 30 % more than one process");
    }

    private async Task<Fleet> StartAsync(int silos, int webs)
    {
        var all = new List<Server>();
        for (var i = 0; i < silos; i++)
        {
            all.Add(await Server.LaunchAsync("Silo.dll", [], Member($"silo-{i}", "silo")));
        }

        for (var i = 0; i < webs; i++)
        {
            all.Add(await Server.LaunchAsync("WebApi.dll", [], Member($"web-{i}", "ingest,query,ui")));
        }

        return new([.. all.Skip(silos)], all);

        Dictionary<string, string> Member(string name, string roles) => new(Server.Settings(url).Concat(ClusterMember.Settings(name)))
        {
            ["Bayou__Roles"] = roles,
            ["Bayou__Cluster__ClusterId"] = $"bench{silos}",
        };
    }
}

/// <summary>The processes that work together.</summary>
/// <param name="Webs">Those that take requests.</param>
internal sealed record Fleet(IReadOnlyList<Server> Webs, IReadOnlyList<Server> All) : IAsyncDisposable
{
    public double CpuSeconds => All.Sum(server => server.CpuSeconds);

    public static implicit operator Fleet(Server server) => new([server], [server]);

    public async ValueTask DisposeAsync()
    {
        foreach (var server in All)
        {
            await server.DisposeAsync();
        }
    }
}
