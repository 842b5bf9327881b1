using Microsoft.Extensions.Logging;

namespace Bayou.Monitor;

/// <summary>Says what goes wrong once a minute while it lasts, each kind by itself, so that the application's log stays its own.</summary>
internal sealed partial class RateLimitedLog(TimeProvider time, ILoggerFactory loggers)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    /// <summary>Log lines of this category are never sent to Bayou: nobody there needs to be told that Bayou is unreachable.</summary>
    public const string Category = "Bayou.Monitor";

    private readonly ILogger _logger = loggers.CreateLogger(Category);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _said = [];

    public void Dropped(string what, long count) => Say($"{nameof(Dropped)} {what}", () => SayDropped(count, what));

    public void Unreachable(string what, Uri url, string reason, int waiting) =>
        Say($"{nameof(Unreachable)} {what}", () => SayUnreachable(url, reason, waiting, what));

    public void Refused(string what, long count, string reason) => Say($"{nameof(Refused)} {what}", () => SayRefused(count, what, reason));

    public void NotRecorded(Exception exception) => Say(nameof(NotRecorded), () => SayNotRecorded(exception));

    public void NotDelivered(string what, long count) => Say($"{nameof(NotDelivered)} {what}", () => SayNotDelivered(count, what));

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

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{count} {what} have been dropped unsent since the start: Bayou takes them slower than they come, or is away")]
    private partial void SayDropped(long count, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Bayou at {url} did not take a batch and will be asked again: {reason} ({waiting} {what} wait)")]
    private partial void SayUnreachable(Uri url, string reason, int waiting, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Bayou refused {count} {what}: {reason}")]
    private partial void SayRefused(long count, string what, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A request could not be recorded")]
    private partial void SayNotRecorded(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{count} {what} were still unsent when the application ended")]
    private partial void SayNotDelivered(long count, string what);
}
