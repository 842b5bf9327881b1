using Bayou.Cluster;
using Microsoft.Extensions.Options;

namespace Bayou.Metrics;

/// <summary>Looks often while it lives, and the reminder brings it to life wherever a silo is left.</summary>
internal sealed class RollupGrain(RollupWriter writer, ReminderRuns runs, IOptions<MetricsOptions> options) : Grain, IRollupGrain, IRemindable
{
    private const string Reminder = "rollup";

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var often = TimeSpan.FromSeconds(options.Value.RollUpEverySeconds);
        this.RegisterGrainTimer(writer.RunAsync, new() { DueTime = often, Period = often, KeepAlive = true });
        return Task.CompletedTask;
    }

    public Task EnsureScheduledAsync() => this.EnsureReminderAsync(Reminder, TimeSpan.FromMinutes(1));

    public Task ReceiveReminder(string reminderName, TickStatus status) => runs.RunAsync(Reminder, () => RunAsync(CancellationToken.None));

    public Task<int> RunAsync(CancellationToken ct) => writer.RunAsync(ct);
}
