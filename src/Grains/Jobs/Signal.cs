namespace Bayou.Jobs;

/// <summary>Says that there is something to look for. Said again before it was heard, it is one signal still.</summary>
internal sealed class Signal(bool isSet = false) : IDisposable
{
    private readonly SemaphoreSlim _set = new(isSet ? 1 : 0, 1);

    public void Set()
    {
        try
        {
            _set.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has not been heard yet.
        }
    }

    public Task WaitAsync(CancellationToken ct) => _set.WaitAsync(ct);

    /// <param name="longest">After which it goes on without one.</param>
    public Task WaitAsync(TimeSpan longest, CancellationToken ct) => _set.WaitAsync(longest, ct);

    public void Dispose() => _set.Dispose();
}
