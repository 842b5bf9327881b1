using System.Globalization;
using Bayou.Cluster;

namespace Bayou.Schedules;

/// <summary>Looks when the next run is due, and the reminder brings it to life wherever a silo is left.</summary>
internal sealed class SchedulerGrain(ScheduleRuns schedules, ReminderRuns runs) : Grain, ISchedulerGrain, IRemindable
{
    private const string Reminder = "schedules";

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30); // Another may have changed what is due, and been lost before it said so.

    private int _project;
    private IGrainTimer? _timer;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _project = int.Parse(this.GetPrimaryKeyString(), CultureInfo.InvariantCulture);
        _timer = this.RegisterGrainTimer(LookAsync, new() { DueTime = TimeSpan.Zero, Period = Timeout.InfiniteTimeSpan, KeepAlive = true });
        return Task.CompletedTask;
    }

    public async Task ChangedAsync()
    {
        await this.EnsureReminderAsync(Reminder, TimeSpan.FromMinutes(1));
        _timer!.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) =>
        runs.RunAsync(_project == 0 ? Reminder : $"{Reminder} of project {_project}", async () =>
        {
            await LookAsync(CancellationToken.None);
            if (_project == 0)
            {
                await WakeOthersAsync();
            }
        });

    /// <summary>Those that have something due and did not look: whoever made it could not tell them.</summary>
    private async Task WakeOthersAsync()
    {
        foreach (var project in await schedules.LateProjectsAsync(CancellationToken.None))
        {
            await GrainFactory.GetGrain<ISchedulerGrain>(project.ToString(CultureInfo.InvariantCulture)).ChangedAsync();
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        var pause = AfterFailure;
        try
        {
            var due = await schedules.RunDueAsync(_project, ct);
            if (due is null)
            {
                await EndAsync();
                return;
            }

            pause = due < ShortestPause ? ShortestPause : due < LongestPause ? due.Value : LongestPause;
        }
        finally
        {
            _timer!.Change(pause, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Where nothing is due any more; whoever makes a schedule calls.</summary>
    private async Task EndAsync()
    {
        if (await this.GetReminder(Reminder) is { } reminder)
        {
            await this.UnregisterReminder(reminder);
        }

        DeactivateOnIdle();
    }
}
