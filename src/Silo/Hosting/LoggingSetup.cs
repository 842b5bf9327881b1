using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace Bayou.Hosting;

/// <summary>JSON lines in production, plain ones in development; scopes carry the trace id of every request.</summary>
public static class LoggingSetup
{
    public static IHostApplicationBuilder AddBayouLogging(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Environment.IsProduction())
        {
            builder.Logging.AddJsonConsole(o =>
            {
                o.IncludeScopes = true;
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            builder.Logging.AddSimpleConsole(o =>
            {
                o.IncludeScopes = true;
                o.SingleLine = true;
                o.TimestampFormat = "HH:mm:ss.fff ";
            });
            builder.Logging.AddConsoleFormatter<TerminalFormatter, ConsoleFormatterOptions>();
            builder.Logging.AddConsole(o => o.FormatterName = TerminalFormatter.FormatterName);
        }

        builder.Services.RemoveAll<ILoggerProvider>();
        builder.Services.AddSingleton<ConsoleLoggerProvider>();
        builder.Services.AddSingleton<ILoggerProvider>(services =>
            new CalmLoggerProvider(services.GetRequiredService<ConsoleLoggerProvider>(), services.GetService<TimeProvider>() ?? TimeProvider.System));

        if (builder.Configuration["LOG_LEVEL"] is { Length: > 0 } name)
        {
            builder.Logging.SetMinimumLevel(Enum.TryParse<LogLevel>(name, ignoreCase: true, out var level) && Enum.IsDefined(level)
                ? level
                : throw new CannotStartException($"LOG_LEVEL is '{name}'; expected one of {string.Join(", ", Enum.GetNames<LogLevel>())}."));
        }

        // What others say of their insides is worth a line only when it is a problem.
        foreach (var noisy in (string[])["Microsoft", "Orleans", "Polly", "Npgsql", "System"])
        {
            builder.Logging.AddFilter(noisy, LogLevel.Warning);
        }

        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);

        // At every start, Silo warns about the garbage collector, which is chosen for small machines, and Watchdog about its own first check.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);

        // Their scopes would put ids of their own on every line, beside the trace id.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Logging.Configure(o => o.ActivityTrackingOptions = ActivityTrackingOptions.None);
        return builder;
    }
}
