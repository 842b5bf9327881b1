using Bayou.Cluster;
using Bayou.Jobs;
using Bayou.Segments;

namespace Bayou.Logs;

internal sealed class LogKeeperGrain(SegmentKeeper<LogSegments> keeper, PatternKeeper patterns, FormerReminder former, JobReports reports, TimeProvider time)
    : Grain, ILogKeeperGrain, IRemindable
{
    private const string Reminder = "logs";

    private const int SealedInARow = 20;

    // Until it is sealed, searches read a segment line by line; where nothing comes, there is nothing to look for.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(16);

    private static readonly TimeSpan BetweenPatternRuns = TimeSpan.FromHours(1); // each reads all counts there are

    private readonly JobReport _report = reports.Of(LogSealJob.Type);
    private DateTimeOffset _patternsRun;
    private IGrainTimer? _timer;
    private TimeSpan _pause = ShortestPause;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _timer = this.RegisterGrainTimer(LookAsync, new() { DueTime = _pause, Period = Timeout.InfiniteTimeSpan, KeepAlive = true });
        return base.OnActivateAsync(cancellationToken);
    }

    public Task EnsureScheduledAsync() => Task.CompletedTask;

    public Task ReceiveReminder(string reminderName, TickStatus status) => former.TickAsync(this, Reminder, () => RunAsync(CancellationToken.None));

    /// <remarks>Tables go first: where the disk is full, nothing can be sealed before.</remarks>
    public async Task<int> RunAsync(CancellationToken ct) =>
        await keeper.CloseAsync(ct) + await keeper.ExpireAsync(ct) + await SealAllAsync(ct) + await keeper.ExpireAsync(ct);

    public async Task<int> CleanUpAsync(CancellationToken ct)
    {
        var count = await keeper.ExpireAsync(ct);
        if (time.GetUtcNow() - _patternsRun >= BetweenPatternRuns)
        {
            foreach (var project in await patterns.ProjectsAsync(ct))
            {
                await GrainFactory.GetGrain<IPatternMinerGrain>($"{project}").MakeRoomAsync(ct);
            }

            _patternsRun = time.GetUtcNow();
        }

        return count;
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            var found = await _report.RunAsync(() => SealAllAsync(ct), ct) > 0;
            _pause = found ? ShortestPause : TimeSpan.FromTicks(Math.Min(2 * _pause.Ticks, LongestPause.Ticks));
        }
        finally
        {
            _timer!.Change(_pause, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task<int> SealAllAsync(CancellationToken ct)
    {
        var count = 0;
        while (await keeper.SealAsync(ct))
        {
            count++;
            if (count % SealedInARow == 0)
            {
                await keeper.ExpireAsync(ct); // Else each line is there twice for as long as more come than can be sealed.
            }
        }

        return count;
    }
}
