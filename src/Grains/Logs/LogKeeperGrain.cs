using Bayou.Cluster;

namespace Bayou.Logs;

internal sealed class LogKeeperGrain(SegmentKeeper keeper, ReminderRuns runs) : Grain, ILogKeeperGrain, IRemindable
{
    private const string Reminder = "logs";

    // A segment is full after a second where a second has a hundred thousand lines; until it is sealed, searches read it line by line.
    private static readonly TimeSpan SealPeriod = TimeSpan.FromSeconds(2);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(SealAllAsync, new() { DueTime = SealPeriod, Period = SealPeriod, KeepAlive = true });
        return base.OnActivateAsync(cancellationToken);
    }

    /// <remarks>What activates this grain wherever and whenever it has ended.</remarks>
    public Task EnsureScheduledAsync() => this.EnsureReminderAsync(Reminder, TimeSpan.FromMinutes(1));

    public Task ReceiveReminder(string reminderName, TickStatus status) => runs.RunAsync(Reminder, () => RunAsync(CancellationToken.None));

    public async Task<int> RunAsync(CancellationToken ct) =>
        await keeper.CloseAsync(ct) + await SealAllAsync(ct) + await keeper.ExpireAsync(ct);

    private async Task<int> SealAllAsync(CancellationToken ct)
    {
        var count = 0;
        while (await keeper.SealAsync(ct))
        {
            count++;
        }

        return count;
    }
}
