#pragma warning disable IDE0130
using Orleans.Embedded;
using Orleans.Runtime;

namespace Orleans;

public interface IGrain : IAddressable;

public interface IGrainWithStringKey : IGrain;

/// <summary>What the extension methods for timers and reminders hang on.</summary>
public interface IGrainBase
{
    internal Activation Activation { get; }
}

public interface IGrainFactory
{
    TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey;
}

/// <summary>The base of all grains: single-threaded, activated by its first call.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    private Activation? _activation;

    Activation IGrainBase.Activation => Owner;

    internal Activation Owner
    {
        get => _activation ?? throw new InvalidOperationException("The grain has not been activated by its runtime.");
        set => _activation = value;
    }

    protected IGrainFactory GrainFactory => Owner.Runtime;

    protected IServiceProvider ServiceProvider => Owner.Runtime.Services;

    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Deactivates once the calls that have begun are over; safe from any thread.</summary>
    protected void DeactivateOnIdle() =>
        Owner.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle was called."));
}

public static class GrainExtensions
{
    public static string GetPrimaryKeyString(this IAddressable grain) => grain switch
    {
        Grain activated => activated.Owner.Id.Key,
        GrainReference reference => reference.Id.Key,
        _ => throw new ArgumentException("Neither a grain nor a reference to one.", nameof(grain)),
    };
}

public readonly record struct DeactivationReason(DeactivationReasonCode ReasonCode, string Description);

public enum DeactivationReasonCode
{
    None,
    ShuttingDown,
    ActivationFailed,
    ActivationIdle,
    ApplicationRequested,
}
