using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Bayou;

/// <summary>The product as a process of its own, which can be killed and started again.</summary>
public sealed class Product(string databaseUrl, params (string Name, string Value)[] settings) : IAsyncDisposable
{
    private readonly int _port = Ports.Claim();
    private Process? _process;
    private Task? _filled;

    /// <summary>Where the program is, and its page too; null for this build's.</summary>
    public string? Folder { get; init; }

    public Uri Url => new($"http://localhost:{_port}");

    public HttpClient Http { get; } = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                Path.Combine(Folder ?? AppContext.BaseDirectory, "WebApi.dll"), "--urls", $"http://127.0.0.1:{_port}",
                "--webroot", Folder is null ? Path.Combine(Repository.Root, "client-app", "dist") : Path.Combine(Folder, "wwwroot"),
            },
            Environment =
            {
                [Database.DatabaseOptions.UrlKey] = databaseUrl,
                ["Bayou__Database__AllowUnsafe"] = "true",
                ["Bayou__Ingest__Node"] = "product",
                ["LOG_LEVEL"] = "Warning",
            },
        };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        await Eventually.SeesAsync(
            () =>
            {
                Assert.False(_process.HasExited, "The product ended while it started.");
                return IsReadyAsync();
            },
            isReady => isReady, TimeSpan.FromMinutes(1));
    }

    /// <summary>Starts another program of this build beside the product.</summary>
    public static Process Start(string dll, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet") { ArgumentList = { Path.Combine(AppContext.BaseDirectory, dll) } };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs what fills the product with data, for the first of the tests that share it.</summary>
    public Task FillOnceAsync(Func<Product, Task> fill) => _filled ??= fill(this);

    /// <summary>The data of an answer.</summary>
    public async Task<JsonNode> DataAsync(string path) => JsonNode.Parse(await Http.GetStringAsync(new Uri(Url, path), Ct))!["data"]!;

    /// <summary>Waits until a service counts so many requests within the last day, and no more.</summary>
    public async Task CountedAsync(string service, long requests)
    {
        var start = DateTimeOffset.UtcNow.AddDays(-2).ToUnixTimeMilliseconds();
        var counted = await Eventually.SeesAsync(
            async () => (long)(await DataAsync($"/metrics/summary?service={service}&start_date={start}"))["traffic"]!["value"]!, counted =>
                counted >= requests);
        Assert.True(counted == requests, $"{service} has {counted} requests, more than {requests} were made");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(Ct);
    }

    public Task SendAsync(
        string service, int count, int status = 200, double durationMs = 20, string route = "/cart/{id}", DateTimeOffset? time = null,
        string? country = null) =>
        SendAsync(Enumerable.Range(0, count)
            .Select(_ => new { service, method = "GET", route, status, duration_ms = durationMs, time = time ?? DateTimeOffset.UtcNow, country }));

    public async Task SendAsync(IEnumerable<object> items)
    {
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
}
