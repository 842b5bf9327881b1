using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging.Console;

namespace Bayou.Hosting;

/// <summary>
/// The console, where a storm of one warning or error is a line a minute: the first is written at once, and of those after it how many they were.
/// One failure is what has one category, one template and one type of exception.
/// </summary>
[ProviderAlias("Console")]
public sealed class CalmLoggerProvider : ILoggerProvider, ISupportExternalScope
{
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    /// <summary>More failures than this in a minute are no storm of one; they are written as they come.</summary>
    private const int MaxFailures = 1_000;

    private readonly ILoggerProvider _console;
    private readonly ITimer _timer;
    private readonly ConcurrentDictionary<Failure, Repeats> _repeats = new();

    public CalmLoggerProvider(ILoggerProvider console, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _console = console;
        _timer = time.CreateTimer(_ => Tell(), null, Period, Period);
    }

    public ILogger CreateLogger(string categoryName) => new Calm(this, _console.CreateLogger(categoryName), categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => (_console as ISupportExternalScope)?.SetScopeProvider(scopeProvider);

    public void Dispose()
    {
        _timer.Dispose();
        Tell();
        _console.Dispose();
    }

    // A failure that was quiet for a period is written at once when it comes again.
    private void Tell()
    {
        foreach (var (failure, repeats) in _repeats)
        {
            if (!repeats.Tell())
            {
                _repeats.TryRemove(failure, out _);
            }
        }
    }

    private readonly record struct Failure(string Category, LogLevel Level, string Template, Type? Exception);

    private sealed class Repeats(ILogger console, LogLevel level, EventId id)
    {
        private readonly Lock _lock = new();
        private int _count;
        private string _last = "";
        private bool _ended;

        /// <summary>False when its storm has ended, and this one is a first again.</summary>
        public bool Add(string message)
        {
            lock (_lock)
            {
                _count += _ended ? 0 : 1;
                _last = message;
                return !_ended;
            }
        }

        public bool Tell()
        {
            int count;
            string last;
            lock (_lock)
            {
                (count, last) = (_count, _last);
                _count = 0;
                _ended = count == 0;
            }

            if (count > 0 && console.IsEnabled(level))
            {
                console.Log(level, id, string.Create(CultureInfo.InvariantCulture, $"{count} more like it in the last minute, the last: {last}"), null,
                    (text, _) => text);
            }

            return count > 0;
        }
    }

    private sealed class Calm(CalmLoggerProvider owner, ILogger console, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => console.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => console.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning && console.IsEnabled(logLevel))
            {
                var failure = new Failure(category, logLevel, Template(state) ?? formatter(state, exception), exception?.GetType());
                if (owner._repeats.TryGetValue(failure, out var repeats)
                    && repeats.Add(exception is null ? formatter(state, exception) : $"{formatter(state, exception)} {exception.Message}"))
                {
                    return;
                }

                if (owner._repeats.Count < MaxFailures)
                {
                    owner._repeats.TryAdd(failure, new Repeats(console, logLevel, eventId));
                }
            }

            console.Log(logLevel, eventId, state, exception, formatter);
        }

        private static string? Template<TState>(TState state) =>
            state is IReadOnlyList<KeyValuePair<string, object?>> { Count: > 0 } values && values[^1] is { Key: "{OriginalFormat}", Value: string template }
                ? template : null;
    }
}
