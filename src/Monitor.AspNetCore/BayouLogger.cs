using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Bayou.Monitor;

/// <summary>Sends the application's log to Bayou, as <c>builder.Logging.AddBayou()</c> registers it; filters know it by its type, or as <c>Bayou</c>.</summary>
[ProviderAlias("Bayou")]
public sealed class BayouLoggerProvider : ILoggerProvider, ISupportExternalScope
{
    private readonly SendQueue<LoggedLine> _queue;
    private readonly bool _isEnabled;
    private readonly CurrentEndpoint _endpoint;
    private readonly TimeProvider _time;
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    internal BayouLoggerProvider(SendQueue<LoggedLine> queue, bool isEnabled, CurrentEndpoint endpoint, TimeProvider time) =>
        (_queue, _isEnabled, _endpoint, _time) = (queue, isEnabled, endpoint, time);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName)
    {
        ArgumentNullException.ThrowIfNull(categoryName);
        return new BayouLogger(this, categoryName, _isEnabled && categoryName != RateLimitedLog.Category);
    }

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The queue and what sends it end with the host.
    }

    private sealed class BayouLogger(BayouLoggerProvider provider, string category, bool isEnabled) : ILogger
    {
        private const int LongestSource = 100; // characters; Bayou takes 200 bytes
        private const int LongestMessage = 64_000;
        private readonly string _source = category.Length is > 0 and <= LongestSource ? category : category.Length == 0 ? "log" : category[^LongestSource..];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => provider._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => isEnabled && logLevel is >= LogLevel.Trace and < LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            try
            {
                var message = formatter(state, exception);
                var (meta, traceId) = LineMeta.Of(state, eventId, exception, provider._scopes, provider._endpoint.Name);
                provider.Add(
                    new(_source, logLevel, LineMeta.Utf8(message, LongestMessage), meta, traceId ?? Activity.Current?.TraceId.ToHexString(), provider.Now));
            }
            catch (Exception e)
            {
                // A value that cannot be written as text is the application's mistake, but its requests must not fail by it.
                provider.Add(
                    new(_source, logLevel, LineMeta.Utf8($"(a line that could not be written: {e.GetType().Name})", LongestMessage), [], null, provider.Now));
            }
        }
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Add(in LoggedLine line) => _queue.Add(line);
}
