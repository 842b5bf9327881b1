namespace Bayou.Metrics;

/// <summary>
/// What an activation holds of its window. The grain merges on its turns while the silo's flusher takes
/// snapshots from outside them, hence the lock. Once a flush has not surely succeeded the state is void for
/// good: another activation may own the row, and the journal still has what is lost here.
/// </summary>
internal sealed class WindowState(WindowKey key, WindowRow row)
{
    private readonly Lock _gate = new();
    private readonly AppliedEpochs _applied = AppliedEpochs.FromPairs(row.Applied);
    private readonly WindowFigures _figures = WindowFigures.FromBytes(row.Figures);
    private long _version = row.Version;
    private bool _dirty;
    private bool _void;

    public WindowKey Key => key;

    public bool IsVoid
    {
        get
        {
            lock (_gate)
            {
                return _void;
            }
        }
    }

    public bool IsDirty
    {
        get
        {
            lock (_gate)
            {
                return _dirty && !_void;
            }
        }
    }

    /// <summary>See <see cref="IEndpointWindowGrain.ApplyAsync"/>.</summary>
    public long Apply(WindowDelta delta)
    {
        lock (_gate)
        {
            if (_void)
            {
                return WindowDelta.Discarded;
            }

            var applied = _applied[delta.Epoch];
            if (applied < delta.Previous || applied >= delta.First || delta.Last < delta.First)
            {
                // Something before is missing here, or all or part of this is in already.
                return applied;
            }

            try
            {
                _figures.MergeFrom(delta.Figures);
            }
            catch (InvalidDataException)
            {
                _void = true; // It may be in by half.
                throw;
            }

            _applied[delta.Epoch] = delta.Last;
            _dirty = true;
            return delta.Last;
        }
    }

    /// <summary>What to write now; null when nothing changed since the last.</summary>
    public WindowSnapshot? TakeSnapshot()
    {
        lock (_gate)
        {
            if (!_dirty || _void)
            {
                return null;
            }

            _dirty = false;
            return WindowSnapshot.Of(key, _version, _applied, _figures);
        }
    }

    public void Written()
    {
        lock (_gate)
        {
            _version++;
        }
    }

    public void Discard()
    {
        lock (_gate)
        {
            _void = true;
        }
    }
}
