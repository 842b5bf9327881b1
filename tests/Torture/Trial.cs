namespace Bayou.Torture;

/// <summary>What the processes have to live through; as text, what that was.</summary>
internal interface ITrial
{
    /// <summary>What went wrong, beside counts.</summary>
    IReadOnlyList<string> Failures { get; }

    /// <summary>What must be there before.</summary>
    Task PrepareAsync(CancellationToken ct) => Task.CompletedTask;

    Task RunAsync(CancellationToken stop, CancellationToken ct);
}
