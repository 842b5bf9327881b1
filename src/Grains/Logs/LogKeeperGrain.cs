using Bayou.Cluster;

namespace Bayou.Logs;

internal sealed class LogKeeperGrain(SegmentKeeper keeper, ReminderRuns runs) : Grain, ILogKeeperGrain, IRemindable
{
    private const string Reminder = "logs";

    private const int SealedInARow = 20;

    // Until it is sealed, searches read a segment line by line.
    private static readonly TimeSpan SealPeriod = TimeSpan.FromSeconds(2);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(SealAllAsync, new() { DueTime = SealPeriod, Period = SealPeriod, KeepAlive = true });
        return base.OnActivateAsync(cancellationToken);
    }

    /// <remarks>What activates this grain wherever and whenever it has ended.</remarks>
    public Task EnsureScheduledAsync() => this.EnsureReminderAsync(Reminder, TimeSpan.FromMinutes(1));

    public Task ReceiveReminder(string reminderName, TickStatus status) => runs.RunAsync(Reminder, () => RunAsync(CancellationToken.None));

    /// <remarks>Tables go first: where the disk is full, nothing can be sealed before.</remarks>
    public async Task<int> RunAsync(CancellationToken ct) =>
        await keeper.CloseAsync(ct) + await keeper.ExpireAsync(ct) + await SealAllAsync(ct) + await keeper.ExpireAsync(ct);

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
