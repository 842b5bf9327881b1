using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Bayou.Torture;

/// <summary>The processes that torture is for, on one database.</summary>
internal sealed class Nodes(IReadOnlyList<Node> all, IReadOnlyList<Node>? spare = null) : IAsyncDisposable
{
    /// <summary>
    /// Servers that know nothing of each other, each with grains of its own: every window has several activations, and what must come out
    /// right does so by the protocol alone.
    /// </summary>
    public static Nodes Alone(string database, int count) =>
        new([.. Enumerable.Range(0, count)
            .Select(i => new Node("WebApi", $"torture-{i}", database, new(Settings) { ["Bayou__Ingest__Node"] = $"torture-{i}" }))]);

    /// <summary>A cluster: silos alone, and web nodes that are their clients.</summary>
    /// <param name="drains">Whether a web node that ends first lets the load balancer know.</param>
    public static Nodes Cluster(string database, int silos, int webs, bool drains)
    {
        return new([.. Enumerable.Range(0, silos).Select(i => Member("Silo", $"silo-{i}", [])),
            .. Enumerable.Range(0, webs).Select(i => Member("WebApi", $"web-{i}", ClusterMember.OfWeb))]);

        Node Member(string program, string name, Dictionary<string, string> settings) =>
            new(program, name, database, new(Settings.Concat(ClusterMember.Settings(name)).Concat(settings))
        {
            ["Bayou__Ingest__Node"] = name,
            ["Bayou__Cluster__DrainSeconds"] = drains && program == "WebApi" ? $"{Drain.TotalSeconds}" : "0",
        });
    }

    /// <summary>A cluster whose silos come back at another address at each start, as tasks of Fargate do, on the ports of all.</summary>
    public static Nodes Moving(string database)
    {
        var started = 0;
        return new([Silo(0), Silo(1), .. Cluster(database, silos: 0, webs: 2, drains: false).All], [Silo(2), Silo(3), Silo(4)]);

        Node Silo(int i) => new("Silo", $"silo-{i}", database, new(Settings), ofLife: () =>
        {
            // Loopback has 16 million addresses; those of other runs on this machine are others.
            var at = Interlocked.Increment(ref started);
            var address = string.Create(CultureInfo.InvariantCulture, $"127.{(Environment.ProcessId % 200) + 20}.{at / 250}.{(at % 250) + 1}");
            return new(ClusterMember.Settings($"silo-{i}-{at}"))
            {
                ["Bayou__Cluster__AdvertisedAddress"] = address, ["Bayou__Cluster__SiloPort"] = "11111", ["Bayou__Cluster__GatewayPort"] = "30000",
            };
        });
    }

    /// <summary>Servers that know nothing of each other, each with schedulers of its own, whose leases are so short that many a freeze lasts longer.</summary>
    public static Nodes Workers(string database, int count) =>
        new([.. Enumerable.Range(0, count).Select(i => new Node("Torture", $"worker-{i}", database, new(Settings)
        {
            ["Bayou__Jobs__LeaseSeconds"] = "3", ["Bayou__Cluster__Node"] = $"worker-{i}",
        }, ["worker"]))]);

    /// <summary>One server that has little memory, for an attack.</summary>
    public static Nodes Small(string database) => new([new Node("WebApi", "small", database, new(Settings)
    {
        ["DOTNET_GCHeapHardLimit"] = string.Create(CultureInfo.InvariantCulture, $"0x{Attack.Heap:x}"),
        ["Bayou__Logs__SegmentLines"] = "100000", // as it is unless told
    })]);

    /// <summary>Who has it may send and read.</summary>
    public const string Token = "the-token-of-those-who-may";

    private static Dictionary<string, string> Settings { get; } = new()
    {
        ["BAYOU_TOKEN"] = Token,
        ["Bayou__Enabled"] = "false", // Its own requests are in nobody's ledger.
        ["LOG_LEVEL"] = "Critical",
        ["Bayou__Logs__SegmentLines"] = "2000", // So that segments come and go.
        ["Bayou__Logs__SealAfterSeconds"] = "0",
    };

    public static TimeSpan Drain { get; } = TimeSpan.FromSeconds(2);

    public HttpClient Http { get; } = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) 
    {
        Timeout = TimeSpan.FromSeconds(15), DefaultRequestHeaders = { Authorization = new("Bearer", Token) },
    };

    public IReadOnlyList<Node> All => all;

    /// <summary>Those that are not always there.</summary>
    public IReadOnlyList<Node> Spare { get; } = spare ?? [];

    /// <summary>Those that take requests.</summary>
    public IReadOnlyList<Node> Webs { get; } = [.. all.Where(node => node.IsWeb)];

    /// <summary>How often one ended without having been killed, as a silo does that its cluster has declared dead.</summary>
    public int Ended => all.Sum(node => node.Ended);

    /// <summary>Whose observations and lines come, of the same names in each: none of one may count in another.</summary>
    public IReadOnlyList<int> Projects { get; private set; } = [];

    public async Task StartAsync(CancellationToken ct)
    {
        foreach (var node in all)
        {
            await node.StartAsync(Http, ct);
        }
    }

    public async Task MakeProjectsAsync(CancellationToken ct)
    {
        using var made = await Http.PostAsJsonAsync(new Uri(Webs[0].Url, "/projects"), new { name = "second" }, ct);
        Projects = [1, (int)JsonNode.Parse(await made.EnsureSuccessStatusCode().Content.ReadAsStringAsync(ct))!["data"]!["id"]!];
    }

    /// <summary>Asks all for their readiness, over and over, as a load balancer does; a node that is not ready gets no requests.</summary>
    public async Task BalanceAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Drain / 10);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await Task.WhenAll(Webs.Select(node => node.LookAsync(Http, stop)));
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    /// <summary>Waits until all get requests.</summary>
    public async Task OpenAsync(CancellationToken ct)
    {
        while (!Webs.All(node => node.IsOpen))
        {
            await Task.Delay(50, ct);
        }
    }

    /// <summary>Starts again whatever ends by itself, as every deployment must.</summary>
    public async Task KeepAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                foreach (var node in all)
                {
                    node.Keep();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    /// <summary>Ends all at once, for good.</summary>
    public void End()
    {
        foreach (var node in all.Concat(Spare))
        {
            node.End();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in all.Concat(Spare))
        {
            await node.KillAsync();
        }

        Http.Dispose();
    }
}
