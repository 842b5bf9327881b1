namespace Orleans.Embedded;

/// <summary>A call about to be delivered.</summary>
public readonly record struct GrainCall(GrainId Grain, string Method)
{
    public override string ToString() => $"{Method} of {Grain}";
}

/// <summary>
/// The fault mode for tests: calls lost, late or reordered. (<see cref="EmbeddedRuntime.Kill"/> and
/// <see cref="EmbeddedRuntime.Duplicate"/> do the same to activations.)
/// </summary>
public sealed class GrainFaults
{
    /// <summary>
    /// Decides each call: false loses it on the way; completing later makes it late, and in another
    /// order than sent reorders it. Null delivers all.
    /// </summary>
    public Func<GrainCall, ValueTask<bool>>? Decide { get; set; }

    internal ValueTask<bool> PassAsync(GrainCall call) => Decide is { } decide ? decide(call) : new(true);
}
