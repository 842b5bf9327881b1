using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Shop;

/// <summary>Takes down what the shop would have logged, at the times it would have.</summary>
internal sealed class HistoryLog : ILoggerProvider
{
    private readonly StringBuilder _lines = new();

    /// <summary>Of the request that is answered now.</summary>
    public DateTimeOffset Time { get; set; }

    /// <summary>Of it too, as Bayou names endpoints.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>What was logged since the last time, as Bayou takes it; empty for nothing.</summary>
    public string Take()
    {
        var lines = _lines.ToString();
        _lines.Clear();
        return lines;
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        // It holds nothing but text.
    }

    private sealed class Logger(HistoryLog history, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var meta = new Dictionary<string, object?> { ["endpoint"] = history.Endpoint };
            foreach (var (name, value) in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
            {
                if (name != "{OriginalFormat}")
                {
                    meta[name] = value;
                }
            }

            meta["event"] = eventId.Name;
            history._lines.AppendLine(JsonSerializer.Serialize(new
            {
                source = category,
                service = "shop",
                level = logLevel.ToString(),
                message = formatter(state, exception),
                time = history.Time.ToUnixTimeMilliseconds(),
                meta,
            }));
        }
    }
}
