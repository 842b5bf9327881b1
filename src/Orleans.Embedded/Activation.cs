using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>
/// One live instance of a grain. Turns run on an exclusive scheduler, so no two of them ever overlap;
/// a turn that has begun runs to its end before the next begins, unless that one interleaves.
/// </summary>
internal sealed class Activation(EmbeddedRuntime runtime, GrainId id, Lazy<Grain> lazyGrain, bool reentrant, TimeSpan idleLimit)
{
    private enum Stage { New, Activating, Active, Deactivating, Dead }

    private readonly Lock _gate = new();
    private readonly TaskScheduler _turns = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
    private readonly Queue<Turn> _waiting = [];
    private readonly List<ActivationTimer> _timers = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Stage _stage = Stage.New;
    private DeactivationReason? _deactivating;
    private int _running;
    private int _exclusive;
    private DateTimeOffset _lastUsed = runtime.Time.GetUtcNow();

    public EmbeddedRuntime Runtime => runtime;

    public GrainId Id => id;

    /// <summary>Completes when the activation is gone and its directory entry free.</summary>
    public Task Ended => _ended.Task;

    /// <returns>False when the activation no longer takes turns; the caller goes to the next one.</returns>
    public bool TryEnqueue(Turn turn)
    {
        lock (_gate)
        {
            if (_stage is Stage.Deactivating or Stage.Dead || _deactivating is not null)
            {
                return false;
            }

            _waiting.Enqueue(turn);
            if (turn.CountsAsUse)
            {
                _lastUsed = runtime.Time.GetUtcNow();
            }

            if (_stage == Stage.New)
            {
                Start();
            }

            Pump();
            return true;
        }
    }

    public IGrainTimer AddTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new ActivationTimer(this, callback, options);
        lock (_gate)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    public void Deactivate(DeactivationReason reason)
    {
        lock (_gate)
        {
            _deactivating ??= reason;
            if (_stage != Stage.New)
            {
                Pump();
                return;
            }
        }

        End(turn => runtime.Reroute(id, turn)); // It never began.
    }

    public void DeactivateIfIdle(DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_stage == Stage.Active && _running == 0 && _waiting.Count == 0 && now - _lastUsed >= idleLimit)
            {
                Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "Idle past its limit."));
            }
        }
    }

    /// <summary>Ends at once without <see cref="Grain.OnDeactivateAsync"/>, as a crash would.</summary>
    public void Kill() => End(turn => runtime.Reroute(id, turn));

    private Grain Grain => lazyGrain.Value;

    /// <summary>The first turn activates; called under the lock.</summary>
    private void Start()
    {
        _stage = Stage.Activating;
        _ = OnSchedulerAsync(async () =>
        {
            try
            {
                Grain.Owner = this;
                await Grain.OnActivateAsync(CancellationToken.None);
                Became(Stage.Active);
            }
            catch (Exception e)
            {
                End(waiting => waiting.Fail(e));
            }
        });
    }

    private void Became(Stage stage)
    {
        lock (_gate)
        {
            // Killed meanwhile, it stays dead.
            if (_stage == Stage.Activating)
            {
                _stage = stage;
                Pump();
            }
        }
    }

    /// <summary>Starts what may start; called under the lock.</summary>
    private void Pump()
    {
        if (_stage != Stage.Active)
        {
            return;
        }

        if (_deactivating is { } reason)
        {
            if (_running == 0)
            {
                _stage = Stage.Deactivating;
                _ = OnSchedulerAsync(() => FinishAsync(reason));
            }

            return;
        }

        // Turns that interleave overtake those that wait for the exclusive one to end.
        for (var left = _waiting.Count; left > 0; left--)
        {
            var turn = _waiting.Dequeue();
            var interleaves = turn.Interleaves || reentrant;
            if (!interleaves && _exclusive > 0)
            {
                _waiting.Enqueue(turn);
                continue;
            }

            _running++;
            _exclusive += interleaves ? 0 : 1;
            _ = OnSchedulerAsync(() => turn.RunAsync(Grain, () => Finished(turn, interleaves)));
        }
    }

    private void Finished(Turn turn, bool interleaves)
    {
        lock (_gate)
        {
            _running--;
            _exclusive -= interleaves ? 0 : 1;
            if (turn.CountsAsUse)
            {
                _lastUsed = runtime.Time.GetUtcNow();
            }

            Pump();
        }
    }

    private async Task FinishAsync(DeactivationReason reason)
    {
        StopTimers();
        try
        {
            await Grain.OnDeactivateAsync(reason, CancellationToken.None);
        }
        catch (Exception e)
        {
            runtime.DeactivationFailed(id, e);
        }

        End(turn => runtime.Reroute(id, turn));
    }

    private void End(Action<Turn> each)
    {
        Turn[] left;
        lock (_gate)
        {
            _stage = Stage.Dead;
            left = [.. _waiting];
            _waiting.Clear();
        }

        StopTimers();
        runtime.Forget(this);
        _ended.TrySetResult();
        foreach (var turn in left)
        {
            each(turn);
        }
    }

    private void StopTimers()
    {
        ActivationTimer[] timers;
        lock (_gate)
        {
            timers = [.. _timers];
            _timers.Clear();
        }

        foreach (var timer in timers)
        {
            timer.Dispose();
        }
    }

    private Task OnSchedulerAsync(Func<Task> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _turns).Unwrap();
}
