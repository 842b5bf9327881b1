using Bayou.Cluster;
using Bayou.Jobs;
using Microsoft.Extensions.Options;

namespace Bayou.Metrics;

/// <summary>Looks often while it lives, and a schedule brings it to life wherever a silo is left.</summary>
internal sealed class RollupGrain(RollupWriter writer, FormerReminder former, JobReports reports, IOptions<MetricsOptions> options)
    : Grain, IRollupGrain, IRemindable
{
    private const string Reminder = "rollup";

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var often = TimeSpan.FromSeconds(options.Value.RollUpEverySeconds);
        var report = reports.Of(RollupJob.Type);
        this.RegisterGrainTimer(ct => report.RunAsync(() => writer.RunAsync(ct), ct), new() { DueTime = often, Period = often, KeepAlive = true });
        return Task.CompletedTask;
    }

    public Task EnsureScheduledAsync() => Task.CompletedTask;

    public Task ReceiveReminder(string reminderName, TickStatus status) => former.TickAsync(this, Reminder, () => RunAsync(CancellationToken.None));

    public Task<int> RunAsync(CancellationToken ct) => writer.RunAsync(ct);
}
