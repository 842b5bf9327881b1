namespace Bayou.Monitor;

/// <summary>
/// What waits to be sent: a ring that never grows, never blocks, and when full drops its oldest and counts it.
/// Adding allocates nothing and wakes nobody, but for the first that waits and the one that completes a batch.
/// </summary>
internal sealed class SendQueue<T>(int capacity, int batchSize)
{
    private readonly Lock _gate = new();
    private readonly T[] _ring = new T[capacity];
    private TaskCompletionSource _some = NewSignal();
    private TaskCompletionSource _enough = NewSignal();
    private int _first;
    private int _count;
    private long _dropped;
    private bool _completed;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Items lost because the queue was full, since the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public void Add(in T item)
    {
        lock (_gate)
        {
            if (_count == capacity)
            {
                _first = (_first + 1) % capacity;
                _count--;
                Interlocked.Increment(ref _dropped);
            }

            _ring[(_first + _count) % capacity] = item;
            _count++;
            if (_count == 1)
            {
                _some.TrySetResult();
            }

            if (_count == batchSize)
            {
                _enough.TrySetResult();
            }
        }
    }

    /// <summary>Lets nothing wait any longer: both signals stay set.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            _some.TrySetResult();
            _enough.TrySetResult();
        }
    }

    /// <summary>Completes when something waits, or the queue is complete.</summary>
    public Task SomeAsync()
    {
        lock (_gate)
        {
            return _some.Task;
        }
    }

    /// <summary>Completes when a whole batch waits, or the queue is complete.</summary>
    public Task EnoughAsync()
    {
        lock (_gate)
        {
            return _enough.Task;
        }
    }

    /// <summary>Moves the oldest of what waits, at most one batch, into the list.</summary>
    /// <returns>False when the queue is complete and nothing was left.</returns>
    public bool Take(List<T> batch)
    {
        lock (_gate)
        {
            for (; _count > 0 && batch.Count < batchSize; _count--)
            {
                batch.Add(_ring[_first]);
                _ring[_first] = default!; // Its texts may go.
                _first = (_first + 1) % capacity;
            }

            if (_completed)
            {
                return batch.Count > 0;
            }

            if (_count == 0 && _some.Task.IsCompleted)
            {
                _some = NewSignal();
            }

            if (_count < batchSize && _enough.Task.IsCompleted)
            {
                _enough = NewSignal();
            }

            return true;
        }
    }

    // Whoever waits goes on elsewhere, never on the application's thread.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
