using System.Collections.Concurrent;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Embedded.Tests;

[GenerateSerializer]
public sealed class Note
{
    [Id(0)]
    public List<string> Lines { get; set; } = [];
}

public sealed record Unmarked(string Text);

public interface IProbeGrain : IGrainWithStringKey
{
    Task<string> EchoAsync(string text);

    ValueTask<int> CountAsync();

    Task EnterAsync(string gate);

    [AlwaysInterleave]
    Task<int> RunningAsync();

    Task<Note> AppendAsync(Note note);

    Task TakeAsync(Unmarked unmarked);

    Task FailAsync();

    Task LeaveAsync();

    Task StartTimerAsync(TimeSpan period);

    Task RemindAsync(TimeSpan due, TimeSpan period);

    Task WaitAsync(CancellationToken ct);
}

/// <summary>What the tests see of every probe grain.</summary>
public sealed class Probe
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly SemaphoreSlim _events = new(0);

    public ConcurrentQueue<string> Events { get; } = new();

    public TaskCompletionSource Gate(string name) => _gates.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    public void Record(string what)
    {
        Events.Enqueue(what);
        _events.Release();
    }

    /// <summary>Completes when so many more events have come.</summary>
    public async Task ExpectAsync(int events)
    {
        for (var i = 0; i < events; i++)
        {
            Assert.True(await _events.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken), $"No further event; so far: {string.Join(", ", Events)}");
        }
    }
}

[CollectionAgeLimit(Minutes = 5)]
public sealed class ProbeGrain(Probe probe) : Grain, IProbeGrain, IRemindable
{
    private int _count;
    private int _running;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        probe.Record("activated");
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Record($"deactivated {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task<string> EchoAsync(string text) => Task.FromResult($"{this.GetPrimaryKeyString()}: {text}");

    public ValueTask<int> CountAsync() => new(++_count);

    public async Task EnterAsync(string gate)
    {
        _running++;
        probe.Record($"entered {gate}");
        await probe.Gate(gate).Task;
        probe.Record($"left {gate}");
        _running--;
    }

    public Task<int> RunningAsync() => Task.FromResult(_running);

    public Task<Note> AppendAsync(Note note)
    {
        note.Lines.Add("by the grain");
        return Task.FromResult(note);
    }

    public Task TakeAsync(Unmarked unmarked) => Task.CompletedTask;

    public Task FailAsync() => throw new InvalidOperationException("as asked");

    public Task LeaveAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task StartTimerAsync(TimeSpan period)
    {
        this.RegisterGrainTimer(_ =>
        {
            probe.Record("tick");
            return Task.CompletedTask;
        }, period, period);
        return Task.CompletedTask;
    }

    public Task RemindAsync(TimeSpan due, TimeSpan period) => this.RegisterOrUpdateReminder("bell", due, period);

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        probe.Record($"{reminderName} {this.GetPrimaryKeyString()}");
        return Task.CompletedTask;
    }

    public Task WaitAsync(CancellationToken ct) => Task.Delay(Timeout.Infinite, ct);
}
