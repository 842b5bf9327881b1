using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Bayou.Monitor;

/// <summary>An application of somebody's, on real HTTP, with the monitor in it.</summary>
public sealed class MonitoredApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private MonitoredApp(WebApplication app)
    {
        _app = app;
        Http = new HttpClient { BaseAddress = new(app.Urls.Single()) };
    }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public LogLines Log { get; private init; } = null!;

    public static async Task<MonitoredApp> StartAsync(
        Uri bayou, Action<WebApplication> map, Action<BayouOptions>? configure = null, Action<ILoggingBuilder>? logging = null,
        HttpProtocols protocols = HttpProtocols.Http1)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { EnvironmentName = "Production", ApplicationName = typeof(MonitoredApp).Assembly.GetName().Name });
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(end => end.Protocols = protocols));
        var log = new LogLines();
        builder.Logging.ClearProviders().AddProvider(log);
        logging?.Invoke(builder.Logging);
        builder.Services.AddControllers();
        builder.Services.AddBayou(options =>
        {
            options.Url = bayou;
            (options.Service, options.Version) = ("shop", "");
            options.BatchInterval = TimeSpan.FromMilliseconds(20);
            configure?.Invoke(options);
        });
        var app = builder.Build();
        app.UseBayou();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app) { Log = log };
    }

    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>What the application logged.</summary>
public sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    public IEnumerable<string> Warnings => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _lines.Enqueue(formatter(state, exception));
        }
    }

    public void Dispose()
    {
    }
}
