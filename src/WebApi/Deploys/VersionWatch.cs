using System.Collections.Concurrent;

namespace Bayou.Deploys;

/// <summary>Gathers the versions that acknowledged observations report, and every 2 s writes what is new of them.</summary>
internal sealed partial class VersionWatch(DeployWriter deploys, TimeProvider time, ILogger<VersionWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>How far a version's written time may be behind; far below <see cref="DeployWriter.Rolling"/>.</summary>
    private static readonly TimeSpan Rewrite = TimeSpan.FromMinutes(1);
    private const int MaxPending = 1_000;
    private const int PlacesOfEach = 100; // even then

    private readonly ConcurrentDictionary<(int Project, string Service, string Version), (DateTimeOffset First, DateTimeOffset Last)> _pending = new();
    private readonly Dictionary<(int Project, string Service, string Version), DateTimeOffset> _written = [];

    /// <summary>Only what has just happened can tell a deploy: a backfill's versions are history.</summary>
    public void Seen(int project, string service, string version, DateTimeOffset first, DateTimeOffset last)
    {
        if (last < time.GetUtcNow() - DeployWriter.Rolling || IsFull(project))
        {
            return;
        }

        _pending.AddOrUpdate((project, service, version), (first, last), (_, seen) =>
            (first < seen.First ? first : seen.First, last > seen.Last ? last : seen.Last));
    }

    /// <summary>Where one project has taken all places, another still has some.</summary>
    private bool IsFull(int project) => _pending.Count >= MaxPending && _pending.Keys.Count(seen => seen.Project == project) >= PlacesOfEach;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await WriteAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                NotWritten(e); // Kept; the next round tries again.
            }
        }
    }

    private async Task WriteAsync(CancellationToken ct)
    {
        // Oldest first: of two versions that came at once, the later one is the deploy.
        foreach (var (key, seen) in _pending.OrderBy(pair => pair.Value.First))
        {
            if (!_written.TryGetValue(key, out var written) || seen.Last - written > Rewrite)
            {
                await deploys.SeenAsync(key.Project, key.Service, key.Version, seen.First, seen.Last, ct);
                if (_written.Count >= MaxPending)
                {
                    _written.Clear();
                }

                _written[key] = seen.Last;
            }

            _pending.TryRemove(new(key, seen)); // Seen again meanwhile, it stays.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The versions of services could not be written")]
    private partial void NotWritten(Exception exception);
}
