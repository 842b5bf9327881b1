namespace Bayou.Metrics;

/// <summary>
/// Tells whoever shows windows that some were written, in whichever process that was. A hint may come late or get lost: all look for
/// themselves now and then.
/// </summary>
public sealed class RowHints
{
    private TaskCompletionSource _next = New();

    /// <summary>Completes at the next hint.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Carries what was written here to the other processes, where there are any.</summary>
    public Action? Carry { get; set; }

    /// <summary>Rows were written here, and can be seen.</summary>
    public void Written()
    {
        Received();
        Carry?.Invoke();
    }

    /// <summary>A hint has come.</summary>
    public void Received() => Interlocked.Exchange(ref _next, New()).SetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
