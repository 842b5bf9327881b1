#pragma warning disable IDE0130
using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Embedded;
using Orleans.Runtime;

namespace Orleans.Runtime
{
    public interface IGrainReminder
    {
        string ReminderName { get; }
    }

    /// <param name="FirstTickTime">When the reminder was first due, UTC.</param>
    /// <param name="Period">Between ticks.</param>
    /// <param name="CurrentTickTime">When this tick was due, UTC.</param>
    public readonly record struct TickStatus(DateTime FirstTickTime, TimeSpan Period, DateTime CurrentTickTime);
}

namespace Orleans
{
    /// <summary>A grain that is woken by reminders, which outlive activations and processes.</summary>
    public interface IRemindable : IGrain
    {
        Task ReceiveReminder(string reminderName, TickStatus status);
    }

    public static class GrainReminderExtensions
    {
        /// <exception cref="ArgumentException">The period is under a minute.</exception>
        public static Task<IGrainReminder> RegisterOrUpdateReminder(
            this IGrainBase grain, string reminderName, TimeSpan dueTime, TimeSpan period) =>
            Service(grain).RegisterAsync(grain.Activation.Id, reminderName, dueTime, period);

        /// <returns>Null when there is none of that name.</returns>
        public static Task<IGrainReminder?> GetReminder(this IGrainBase grain, string reminderName) =>
            Task.FromResult<IGrainReminder?>(Service(grain).Find(grain.Activation.Id, reminderName));

        public static Task UnregisterReminder(this IGrainBase grain, IGrainReminder reminder) =>
            Service(grain).UnregisterAsync(grain.Activation.Id, reminder.ReminderName);

        private static ReminderService Service(IGrainBase grain) =>
            grain.Activation.Runtime.Services.GetRequiredService<ReminderService>();
    }
}

namespace Orleans.Embedded
{
    /// <param name="FirstDue">When it was first due; later ticks are whole periods after it.</param>
    public sealed record ReminderEntry(GrainId Grain, string Name, DateTimeOffset FirstDue, TimeSpan Period) : IGrainReminder
    {
        public string ReminderName => Name;
    }

    /// <summary>Where reminders outlive the process.</summary>
    public interface IReminderStore
    {
        Task<IReadOnlyList<ReminderEntry>> LoadAsync(CancellationToken ct);

        Task SaveAsync(ReminderEntry entry, CancellationToken ct);

        Task RemoveAsync(GrainId grain, string name, CancellationToken ct);
    }

    /// <summary>Ticks every stored reminder; ticks missed while no process ran are not made up for, as in Orleans.</summary>
    public sealed partial class ReminderService(
        EmbeddedRuntime runtime, IReminderStore store, TimeProvider time, ILogger<ReminderService> logger) : IHostedService
    {
        private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMinutes(1);

        private readonly ConcurrentDictionary<(GrainId, string), (ReminderEntry Entry, ITimer Timer)> _armed = new();
        private volatile bool _stopped;

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            foreach (var entry in await store.LoadAsync(cancellationToken))
            {
                Arm(entry);
            }
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            _stopped = true;
            foreach (var (_, timer) in _armed.Values)
            {
                timer.Dispose();
            }

            return Task.CompletedTask;
        }

        internal async Task<IGrainReminder> RegisterAsync(GrainId grain, string name, TimeSpan due, TimeSpan period)
        {
            if (period < ShortestPeriod)
            {
                throw new ArgumentException($"A reminder's period is at least {ShortestPeriod}; {name} asked for {period}.", nameof(period));
            }

            var entry = new ReminderEntry(grain, name, time.GetUtcNow() + due, period);
            await store.SaveAsync(entry, CancellationToken.None);
            Arm(entry);
            return entry;
        }

        internal ReminderEntry? Find(GrainId grain, string name) => _armed.TryGetValue((grain, name), out var armed) ? armed.Entry : null;

        internal async Task UnregisterAsync(GrainId grain, string name)
        {
            await store.RemoveAsync(grain, name, CancellationToken.None);
            if (_armed.TryRemove((grain, name), out var armed))
            {
                armed.Timer.Dispose();
            }
        }

        private void Arm(ReminderEntry entry)
        {
            // Started only when it is in the table, where its first tick looks for it.
            var timer = time.CreateTimer(_ => _ = TickAsync(entry), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _armed.AddOrUpdate((entry.Grain, entry.Name), (entry, timer), (_, old) =>
            {
                old.Timer.Dispose();
                return (entry, timer);
            });
            timer.Change(UntilNext(entry), Timeout.InfiniteTimeSpan);
        }

        private TimeSpan UntilNext(ReminderEntry entry)
        {
            var now = time.GetUtcNow();
            if (entry.FirstDue > now)
            {
                return entry.FirstDue - now;
            }

            return entry.Period - TimeSpan.FromTicks((now - entry.FirstDue).Ticks % entry.Period.Ticks);
        }

        private async Task TickAsync(ReminderEntry entry)
        {
            // Armed again first: a grain that takes long must not put off its next tick.
            if (!_stopped && _armed.TryGetValue((entry.Grain, entry.Name), out var armed) && armed.Entry == entry)
            {
                armed.Timer.Change(UntilNext(entry), Timeout.InfiniteTimeSpan);
            }

            var status = new TickStatus(entry.FirstDue.UtcDateTime, entry.Period, time.GetUtcNow().UtcDateTime);
            try
            {
                await runtime.RunAsync(entry.Grain, grain => ((IRemindable)grain).ReceiveReminder(entry.Name, status));
            }
            catch (Exception e)
            {
                Failed(entry.Name, entry.Grain, e);
            }
        }

        [LoggerMessage(Level = LogLevel.Error, Message = "The reminder {name} of {grain} failed; it ticks again after its period")]
        private partial void Failed(string name, GrainId grain, Exception exception);
    }
}
