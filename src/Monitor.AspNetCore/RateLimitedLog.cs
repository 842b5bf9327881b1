using Microsoft.Extensions.Logging;

namespace Bayou.Monitor;

/// <summary>Says what goes wrong once a minute while it lasts, each kind by itself, so that the application's log stays its own.</summary>
internal sealed partial class RateLimitedLog(TimeProvider time, ILoggerFactory loggers)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private readonly ILogger _logger = loggers.CreateLogger("Bayou.Monitor");
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _said = [];

    public void Dropped(long count) => Say(nameof(Dropped), () => SayDropped(count));

    public void Unreachable(Uri url, string reason, int waiting) => Say(nameof(Unreachable), () => SayUnreachable(url, reason, waiting));

    public void Refused(long count, string reason) => Say(nameof(Refused), () => SayRefused(count, reason));

    public void NotRecorded(Exception exception) => Say(nameof(NotRecorded), () => SayNotRecorded(exception));

    public void NotDelivered(long count) => Say(nameof(NotDelivered), () => SayNotDelivered(count));

    private void Say(string kind, Action say)
    {
        if (!IsDue(kind))
        {
            return;
        }

        try
        {
            say();
        }
        catch (Exception)
        {
            // The application's log does not work. There is nobody left to tell, and its requests must not suffer.
        }
    }

    private bool IsDue(string kind)
    {
        lock (_gate)
        {
            if (_said.TryGetValue(kind, out var last) && time.GetElapsedTime(last) < Pause)
            {
                return false;
            }

            _said[kind] = time.GetTimestamp();
            return true;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{count} requests have been dropped unsent since the start: Bayou takes them slower than they come, or is away")]
    private partial void SayDropped(long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Bayou at {url} did not take a batch and will be asked again: {reason} ({waiting} requests wait)")]
    private partial void SayUnreachable(Uri url, string reason, int waiting);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Bayou refused {count} requests: {reason}")]
    private partial void SayRefused(long count, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A request could not be recorded")]
    private partial void SayNotRecorded(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{count} requests were still unsent when the application ended")]
    private partial void SayNotDelivered(long count);
}
