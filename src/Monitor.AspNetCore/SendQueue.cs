namespace Bayou.Monitor;

/// <summary>
/// What waits to be sent: a ring that never grows, never blocks, and when full drops its oldest and counts it.
/// Adding allocates nothing and wakes nobody, but for the first that waits and the one that completes a batch.
/// </summary>
internal sealed class SendQueue<T>(int capacity, int batchSize, IBatchBody<T> body)
{
    // Limits the application's memory while Bayou is away, and the size of one batch, which Bayou takes whole or not at all.
    private const long MostBytes = 64_000_000;
    private const long MostBatchBytes = 4_000_000;

    private readonly Lock _gate = new();
    private readonly T[] _ring = new T[capacity];
    private TaskCompletionSource _some = NewSignal();
    private TaskCompletionSource _enough = NewSignal();
    private int _first;
    private int _count;
    private long _bytes;
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
            _bytes += body.SizeOf(item);
            while (_count == capacity || (_bytes > MostBytes && _count > 0))
            {
                RemoveFirst();
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
            for (var bytes = 0L; _count > 0 && batch.Count < batchSize && bytes < MostBatchBytes;)
            {
                bytes += body.SizeOf(_ring[_first]);
                batch.Add(_ring[_first]);
                RemoveFirst();
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

    private void RemoveFirst()
    {
        _bytes -= body.SizeOf(_ring[_first]);
        _ring[_first] = default!; // Its texts may go.
        _first = (_first + 1) % capacity;
        _count--;
    }

    // Whoever waits goes on elsewhere, never on the application's thread.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
