using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Configuration;

namespace Orleans.Embedded;

/// <summary>Hosts all grains of one process. It is no cluster and never becomes one.</summary>
public sealed partial class EmbeddedRuntime(
    IServiceProvider services,
    GrainCatalog catalog,
    IOptions<EmbeddedOptions> options,
    TimeProvider time,
    ILogger<EmbeddedRuntime> logger) : IGrainFactory, IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<GrainId, Activation> _directory = new();
    private ITimer? _collector;
    private volatile bool _stopping;
    private long _calls;

    /// <summary>What goes wrong on purpose; tests replace it.</summary>
    public GrainFaults Faults { get; } = new();

    /// <summary>Live activations by grain.</summary>
    public IReadOnlyCollection<GrainId> Active => [.. _directory.Keys];

    /// <summary>Calls made since the start.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    internal IServiceProvider Services => services;

    internal TimeProvider Time => time;

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey =>
        (TGrainInterface)Reference(typeof(TGrainInterface), primaryKey);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var quantum = options.Value.CollectionQuantum;
        _collector = time.CreateTimer(_ => CollectIdle(), null, quantum, quantum);
        return Task.CompletedTask;
    }

    /// <summary>Deactivates every grain; calls that come later fail.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        var live = _directory.Values.ToArray();
        foreach (var activation in live)
        {
            activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The process stops."));
        }

        await Task.WhenAll(live.Select(activation => activation.Ended)).WaitAsync(cancellationToken);
    }

    /// <summary>Ends what was not stopped, as where the process could not start to its end; else grains' timers would go on.</summary>
    public void Dispose()
    {
        _stopping = true;
        _collector?.Dispose();
        foreach (var activation in _directory.Values)
        {
            activation.Kill();
        }
    }

    /// <summary>Ends an activation as a crash would: no OnDeactivateAsync, and what it held is gone.</summary>
    public void Kill(GrainId id)
    {
        if (_directory.TryGetValue(id, out var activation))
        {
            activation.Kill();
        }
    }

    /// <summary>Lets the next call make a second activation while the present one lives on, as after a split cluster.</summary>
    public void Duplicate(GrainId id) => _directory.TryRemove(id, out _);

    internal async Task<object?> CallAsync(GrainCall call, GrainMethod method, object?[] args, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _calls);
        var turn = new Turn(grain => method.InvokeAsync(grain, args), method.Interleaves);
        var sent = SendAsync(call, turn);
        try
        {
            return await sent.WaitAsync(options.Value.ResponseTimeout, time, cancellation);
        }
        catch (TimeoutException) when (!sent.IsFaulted)
        {
            throw new TimeoutException($"{call} did not answer within {options.Value.ResponseTimeout}; it may still run to its end.");
        }
    }

    internal Task<object?> RunAsync(GrainId id, Func<Grain, Task> body) =>
        SendAsync(new GrainCall(id, "reminder"), new Turn(async grain => { await body(grain); return null; }, Interleaves: false));

    internal void Reroute(GrainId id, Turn turn) => _ = EnqueueAsync(id, turn);

    internal void Forget(Activation activation) =>
        _directory.TryRemove(KeyValuePair.Create(activation.Id, activation));

    [LoggerMessage(Level = LogLevel.Error, Message = "A timer of {grain} failed")]
    internal partial void TimerFailed(GrainId grain, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "OnDeactivateAsync of {grain} failed")]
    internal partial void DeactivationFailed(GrainId grain, Exception exception);

    private object Reference(Type contract, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return typeof(GrainReference).GetMethod(nameof(GrainReference.Create), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(contract).Invoke(null, [this, new GrainId(catalog.TypeOf(contract), key)])!;
    }

    private async Task<object?> SendAsync(GrainCall call, Turn turn)
    {
        if (!await Faults.PassAsync(call))
        {
            return await new TaskCompletionSource<object?>().Task; // Lost: nobody ever answers.
        }

        await EnqueueAsync(call.Grain, turn);
        return await turn.Done;
    }

    private async Task EnqueueAsync(GrainId id, Turn turn)
    {
        while (true)
        {
            if (_stopping)
            {
                turn.Fail(new InvalidOperationException($"{id} cannot be called: the process stops."));
                return;
            }

            var activation = _directory.GetOrAdd(id, Activate);
            if (activation.TryEnqueue(turn))
            {
                return;
            }

            await activation.Ended;
        }
    }

    private Activation Activate(GrainId id)
    {
        var type = catalog.ClassOf(id.Type);
        var grain = new Lazy<Grain>(() => (Grain)ActivatorUtilities.CreateInstance(services, type));
        var limit = type.GetCustomAttribute<CollectionAgeLimitAttribute>()?.Amount ?? options.Value.CollectionAge;
        return new Activation(this, id, grain, type.IsDefined(typeof(ReentrantAttribute)), limit);
    }

    private void CollectIdle()
    {
        var now = time.GetUtcNow();
        foreach (var activation in _directory.Values)
        {
            activation.DeactivateIfIdle(now);
        }
    }
}
