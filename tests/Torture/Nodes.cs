using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Bayou.Torture;

/// <summary>
/// Several servers on one database. On the embedded runtime each has grains of its own, so every window has two activations that know nothing
/// of each other: what must come out right does so by the protocol alone.
/// </summary>
internal sealed class Nodes(string database, int count) : IAsyncDisposable
{
    private readonly Node[] _nodes = [.. Enumerable.Range(0, count).Select(i => new Node(database, $"torture-{i}"))];

    public HttpClient Http { get; } = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = TimeSpan.FromSeconds(15) };

    public int Count => count;

    public Node this[int index] => _nodes[index];

    public async Task StartAsync(CancellationToken ct)
    {
        foreach (var node in _nodes)
        {
            await node.StartAsync(Http, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.KillAsync();
        }

        Http.Dispose();
    }
}

internal sealed class Node(string database, string name)
{
    private readonly int _port = FreePort();
    private Process? _process;

    public Uri Url => new($"http://127.0.0.1:{_port}");

    /// <summary>Starts it, again and again while its database is away, until it answers.</summary>
    public async Task StartAsync(HttpClient http, CancellationToken ct)
    {
        while (!await IsReadyAsync(http, ct))
        {
            if (_process is null or { HasExited: true })
            {
                Launch();
            }

            await Task.Delay(100, ct);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
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
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "WebApi.dll"), "--urls", Url.ToString() },
            Environment =
            {
                ["BAYOU_DATABASE_URL"] = database,
                ["Bayou__Ingest__Node"] = name,
                ["Bayou__Enabled"] = "false", // Its own requests are in nobody's ledger.
                ["LOG_LEVEL"] = "Critical",
            },
        };
        start.RedirectStandardOutput = true; // Its every start would be told.
        _process = Process.Start(start)!;
        _process.BeginOutputReadLine();
    }

    private async Task<bool> IsReadyAsync(HttpClient http, CancellationToken ct)
    {
        if (_process is null or { HasExited: true })
        {
            return false;
        }

        try
        {
            using var response = await http.GetAsync(new Uri(Url, "/health/readiness"), ct);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
