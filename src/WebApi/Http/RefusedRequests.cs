namespace Bayou.Http;

/// <summary>
/// Counts requests that were refused or failed, and says so once a minute for each status, with the first of them as a sample: a line for each would let
/// anybody who reaches the server fill its log, and the patterns of its lines.
/// </summary>
internal sealed partial class RefusedRequests(TimeProvider time, ILogger<RefusedRequests> logger) : BackgroundService
{
    private const int SampleLength = 200;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private Dictionary<int, (long Count, string Sample)> _counts = []; // by status

    /// <summary>A request as two words of a line, whatever its client put into it.</summary>
    public static string SampleOf(HttpRequest request)
    {
        // blanks and control characters are escaped
        var sample = request.Method.Length == 0 ? "what is no request" : $"{request.Method} {request.Path.ToUriComponent()}";
        return sample.Length > SampleLength ? sample[..SampleLength] : sample;
    }

    public void Count(HttpContext http)
    {
        lock (_lock)
        {
            var status = http.Response.StatusCode;
            _counts[status] = _counts.TryGetValue(status, out var before) ? before with { Count = before.Count + 1 } : (1, SampleOf(http.Request));
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Say();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Say();
        }
    }

    private void Say()
    {
        Dictionary<int, (long Count, string Sample)> counts;
        lock (_lock)
        {
            (counts, _counts) = (_counts, []);
        }

        foreach (var (status, (count, sample)) in counts)
        {
            Answered(status, count, sample);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Answered {status} {count} times within a minute, first to {sample}")]
    private partial void Answered(int status, long count, string sample);
}
