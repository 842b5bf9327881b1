using System.Diagnostics;

namespace Bayou.Torture;

/// <summary>The processes that torture is for, on one database.</summary>
internal sealed class Nodes(IReadOnlyList<Node> all) : IAsyncDisposable
{
    /// <summary>
    /// Servers that know nothing of each other, each with grains of its own: every window has several activations, and what must come out
    /// right does so by the protocol alone.
    /// </summary>
    public static Nodes Alone(string database, int count) =>
        new([.. Enumerable.Range(0, count).Select(i => new Node("WebApi", $"torture-{i}", database, new() { ["Bayou__Ingest__Node"] = $"torture-{i}" }))]);

    /// <summary>A cluster: silos alone, and web nodes that are their clients.</summary>
    /// <param name="drains">Whether a web node that ends first lets the load balancer know.</param>
    public static Nodes Cluster(string database, int silos, int webs, bool drains)
    {
        return new([.. Enumerable.Range(0, silos).Select(i => Member("Silo", $"silo-{i}", [])), .. Enumerable.Range(0, webs).Select(i => Member("WebApi", $"web-{i}", new() { ["Bayou__Roles"] = "ingest,query,ui" }))]);

        Node Member(string program, string name, Dictionary<string, string> settings) => new(program, name, database, new(ClusterMember.Settings(name).Concat(settings))
        {
            ["Bayou__Ingest__Node"] = name,
            ["Bayou__Cluster__DrainSeconds"] = drains && program == "WebApi" ? $"{Drain.TotalSeconds}" : "0",
        });
    }

    public static TimeSpan Drain { get; } = TimeSpan.FromSeconds(2);

    public HttpClient Http { get; } = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = TimeSpan.FromSeconds(15) };

    public IReadOnlyList<Node> All => all;

    /// <summary>Those that take requests.</summary>
    public IReadOnlyList<Node> Webs { get; } = [.. all.Where(node => node.IsWeb)];

    /// <summary>How often one ended without having been killed, as a silo does that its cluster has declared dead.</summary>
    public int Ended => all.Sum(node => node.Ended);

    public async Task StartAsync(CancellationToken ct)
    {
        foreach (var node in all)
        {
            await node.StartAsync(Http, ct);
        }
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
        foreach (var node in all)
        {
            node.End();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in all)
        {
            await node.KillAsync();
        }

        Http.Dispose();
    }
}

internal sealed class Node(string program, string name, string database, Dictionary<string, string> settings)
{
    private readonly int _port = Ports.Free();
    private readonly Lock _gate = new();
    private Process? _process;
    private bool _isKept;
    private bool _isOver;

    public string Name => name;

    public bool IsWeb => program == "WebApi";

    public int Ended { get; private set; }

    /// <summary>Whether it gets requests.</summary>
    public bool IsOpen { get; private set; } = true;

    public Uri Url => new($"http://127.0.0.1:{_port}");

    /// <summary>Starts it, again and again while its database is away, until it answers.</summary>
    public async Task StartAsync(HttpClient http, CancellationToken ct)
    {
        while (!await IsReadyAsync(http, ct))
        {
            lock (_gate)
            {
                if (_process is null or { HasExited: true })
                {
                    Launch();
                }
            }

            await Task.Delay(100, ct);
        }

        lock (_gate)
        {
            _isKept = true;
        }
    }

    /// <summary>Starts it again when it has ended by itself.</summary>
    public void Keep()
    {
        lock (_gate)
        {
            if (_isKept && _process is { HasExited: true })
            {
                Ended++;
                Launch();
            }
        }
    }

    public async Task LookAsync(HttpClient http, CancellationToken ct) => IsOpen = await IsReadyAsync(http, ct);

    /// <summary>Tells it to end, and returns how it did.</summary>
    public async Task<int> EndAsync(CancellationToken ct)
    {
        lock (_gate)
        {
            _isKept = false;
        }

        Signal("TERM");
        await _process!.WaitForExitAsync(ct);
        return _process.ExitCode;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        lock (_gate)
        {
            _isKept = false;
        }

        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
    }

    /// <summary>kill -9, and it is never started again.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            if (_process is { HasExited: false })
            {
                _process.Kill();
            }
        }
    }

    /// <summary>STOP, or CONT.</summary>
    public void Signal(string signal)
    {
        if (_process is { HasExited: false })
        {
            using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
            kill.WaitForExit();
        }
    }

    private void Launch()
    {
        if (_isOver)
        {
            return;
        }

        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, $"{program}.dll"), "--urls", Url.ToString() },
            Environment =
            {
                ["BAYOU_DATABASE_URL"] = database,
                ["Bayou__Enabled"] = "false", // Its own requests are in nobody's ledger.
                ["LOG_LEVEL"] = "Critical",
                ["Bayou__Logs__SegmentLines"] = "2000", // So that segments come and go.
                ["Bayou__Logs__SealAfterSeconds"] = "0",
            },
        };
        foreach (var (key, value) in settings)
        {
            start.Environment[key] = value;
        }

        // Its every start would be told, and why a silo takes itself for dead.
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private async Task<bool> IsReadyAsync(HttpClient http, CancellationToken ct)
    {
        if (_process is null or { HasExited: true })
        {
            return false;
        }

        try
        {
            using var response = await http.GetAsync(new Uri(Url, IsWeb ? "/health/readiness" : "/health/liveness"), ct);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
