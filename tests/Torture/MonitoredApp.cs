using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bayou.Torture;

/// <summary>An application that reports through the middleware, to one of the nodes, while that dies and comes back.</summary>
internal sealed class MonitoredApp : IAsyncDisposable
{
    public const string Service = "monitored";

    private readonly WebApplication _app;
    private readonly HttpClient _http;
    private readonly Random _random;
    private readonly Dictionary<int, long> _made = [];

    private MonitoredApp(WebApplication app, int seed) =>
        (_app, _http, _random) = (app, new() { BaseAddress = new(app.Urls.Single()) }, new(seed));

    /// <summary>Requests made, by status.</summary>
    public IReadOnlyDictionary<int, long> Made => _made;

    public static async Task<MonitoredApp> StartAsync(Nodes nodes, int seed, CancellationToken ct)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddBayou(options =>
        {
            (options.Url, options.ApiKey, options.Service, options.Version) = (nodes.Webs[0].Url, Nodes.Token, Service, "");
            (options.ShutdownTimeout, options.BatchInterval) = (TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(200));
        });
        var app = builder.Build();
        app.UseBayou();
        app.UseRouting();
        app.MapGet("/status/{code:int}", (int code, HttpContext http) => { http.Response.StatusCode = code; });
        await app.StartAsync(ct);
        return new(app, seed);
    }

    public async Task CallAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var code = _random.NextDouble() < 0.9 ? 200 : 500;
            using var response = await _http.GetAsync(new Uri($"/status/{code}", UriKind.Relative), CancellationToken.None);
            _made[code] = _made.GetValueOrDefault(code) + 1;
            await Task.Delay(5, CancellationToken.None);
        }
    }

    /// <summary>Ends it, which sends what is still waiting.</summary>
    public Task StopAsync() => _app.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    public override string ToString() => $"{_made.Values.Sum()} requests through the middleware";
}
