using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace Bayou;

/// <summary>The product as a process of its own, which can be killed and started again.</summary>
public sealed class Product(string databaseUrl) : IAsyncDisposable
{
    private readonly int _port = FreePort();
    private Process? _process;

    /// <summary>The repository's folder.</summary>
    public static string Root { get; } =
        AppContext.BaseDirectory[..AppContext.BaseDirectory.IndexOf($"{Path.DirectorySeparatorChar}artifacts{Path.DirectorySeparatorChar}", StringComparison.Ordinal)];

    public Uri Url => new($"http://localhost:{_port}");

    public HttpClient Http { get; } = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "WebApi.dll"), "--urls", $"http://127.0.0.1:{_port}", "--webroot", Path.Combine(Root, "client-app", "dist") },
            Environment =
            {
                [Database.DatabaseOptions.UrlKey] = databaseUrl,
                ["Bayou__Database__AllowUnsafe"] = "true",
                ["Bayou__Ingest__Node"] = "product",
                ["LOG_LEVEL"] = "Warning",
            },
        };
        _process = Process.Start(start)!;
        while (!await IsReadyAsync())
        {
            Assert.False(_process.HasExited, "The product ended while it started.");
            await Task.Delay(50, Ct);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(Ct);
    }

    public async Task SendAsync(string service, int count, int status = 200, double durationMs = 20, string route = "/cart/{id}")
    {
        var items = Enumerable.Range(0, count).Select(_ => new { service, method = "GET", route, status, duration_ms = durationMs, time = DateTimeOffset.UtcNow });
        using var response = await Http.PostAsJsonAsync(new Uri(Url, "/ingest/v1/requests"), items, Ct);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process?.Dispose();
        Http.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await Http.GetAsync(new Uri(Url, "/health/readiness"), Ct);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
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
