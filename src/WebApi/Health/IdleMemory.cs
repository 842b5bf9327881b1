namespace Bayou.Health;

/// <summary>
/// Gives memory back after a burst. The runtime collects when something is allocated; a server that has fallen quiet would keep what its
/// busiest minute took, on a machine that it shares with its database.
/// </summary>
internal sealed class IdleMemory(TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that are not worth the while.</summary>
    private const long Little = 128_000_000;

    /// <summary>Bytes allocated in a period that is quiet.</summary>
    private const long Quiet = 50_000_000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        var (allocated, isTrimmed) = (GC.GetTotalAllocatedBytes(), true);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var before = allocated;
            allocated = GC.GetTotalAllocatedBytes();
            if (allocated - before > Quiet)
            {
                isTrimmed = false;
            }
            else if (!isTrimmed && GC.GetGCMemoryInfo().TotalCommittedBytes > Little)
            {
                isTrimmed = true;
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }
        }
    }
}
