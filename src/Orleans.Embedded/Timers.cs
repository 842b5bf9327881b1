#pragma warning disable IDE0130
using Orleans.Embedded;
using Orleans.Runtime;

namespace Orleans.Runtime
{
    public interface IAddressable;

    /// <summary>A timer of one activation; disposing it stops it.</summary>
    public interface IGrainTimer : IDisposable
    {
        void Change(TimeSpan dueTime, TimeSpan period);
    }

    /// <param name="dueTime">To the first tick.</param>
    /// <param name="period">From the end of a tick to the next.</param>
    public readonly struct GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period)
    {
        public TimeSpan DueTime { get; init; } = dueTime;

        public TimeSpan Period { get; init; } = period;

        /// <summary>Whether ticks may interleave with calls.</summary>
        public bool Interleave { get; init; }

        /// <summary>Whether a tick counts as use, so that the grain is not collected as idle.</summary>
        public bool KeepAlive { get; init; }
    }
}

namespace Orleans
{
    public static class GrainBaseExtensions
    {
        public static IGrainTimer RegisterGrainTimer(
            this IGrainBase grain, Func<CancellationToken, Task> callback, TimeSpan dueTime, TimeSpan period) =>
            grain.RegisterGrainTimer(callback, new GrainTimerCreationOptions(dueTime, period));

        public static IGrainTimer RegisterGrainTimer(
            this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) =>
            grain.Activation.AddTimer(callback, options);
    }
}

namespace Orleans.Embedded
{
    /// <summary>Fires a turn, and arms itself again only when that turn is over: ticks never pile up.</summary>
    internal sealed class ActivationTimer : IGrainTimer
    {
        private readonly Activation _activation;
        private readonly Func<CancellationToken, Task> _callback;
        private readonly GrainTimerCreationOptions _options;
        private readonly CancellationTokenSource _stopped = new();
        private readonly ITimer _timer;
        private TimeSpan _period;

        public ActivationTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
        {
            (_activation, _callback, _options, _period) = (activation, callback, options, options.Period);
            _timer = activation.Runtime.Time.CreateTimer(_ => Fire(), null, options.DueTime, Timeout.InfiniteTimeSpan);
        }

        public void Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            _stopped.Cancel();
            _timer.Dispose();
        }

        private void Fire()
        {
            if (!_stopped.IsCancellationRequested)
            {
                _activation.TryEnqueue(new Turn(_ => TickAsync(), _options.Interleave, _options.KeepAlive));
            }
        }

        private async Task<object?> TickAsync()
        {
            try
            {
                await _callback(_stopped.Token);
            }
            catch (Exception e) when (!_stopped.IsCancellationRequested)
            {
                _activation.Runtime.TimerFailed(_activation.Id, e);
            }

            if (!_stopped.IsCancellationRequested)
            {
                _timer.Change(_period, Timeout.InfiniteTimeSpan);
            }

            return null;
        }
    }
}
