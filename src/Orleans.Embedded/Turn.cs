using System.Diagnostics.CodeAnalysis;

namespace Orleans.Embedded;

/// <summary>A grain's class and key.</summary>
public readonly record struct GrainId(string Type, string Key)
{
    public override string ToString() => $"{Type}/{Key}";
}

/// <summary>A call, timer tick or reminder tick on its way to an activation.</summary>
/// <param name="Body">Runs on the activation's scheduler.</param>
/// <param name="Interleaves">May begin while another turn awaits.</param>
/// <param name="CountsAsUse">Puts off deactivation for idleness.</param>
[SuppressMessage("Naming", "CA1711", Justification = "A turn is a turn.")]
internal sealed record Turn(Func<Grain, Task<object?>> Body, bool Interleaves, bool CountsAsUse = true)
{
    private readonly TaskCompletionSource<object?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<object?> Done => _done.Task;

    /// <param name="grain">Whose turn it is.</param>
    /// <param name="over">Called before the answer is given: who has it finds the turn over.</param>
    public async Task RunAsync(Grain grain, Action over)
    {
        var outcome = BeginAsync(grain);
        await ((Task)outcome).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        over();
        _done.TrySetFromTask(outcome);
    }

    public void Fail(Exception e) => _done.TrySetException(e);

    /// <summary>Also of a body that throws before it has a task.</summary>
    private async Task<object?> BeginAsync(Grain grain) => await Body(grain);
}
