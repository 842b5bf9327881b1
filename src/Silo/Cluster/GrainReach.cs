namespace Bayou.Cluster;

/// <summary>Whether grains can be called from this process.</summary>
public sealed class GrainReach
{
    private volatile bool _isUp;

    /// <summary>False while a process without a silo has not found one.</summary>
    public bool IsUp
    {
        get => _isUp;
        internal set => _isUp = value;
    }
}
