using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>What <see cref="IGrainFactory"/> hands out: turns a method call into a turn of the grain.</summary>
public class GrainReference : DispatchProxy, IAddressable
{
    private static readonly ConcurrentDictionary<MethodInfo, GrainMethod> Methods = new();

    internal EmbeddedRuntime Runtime { get; private set; } = null!;

    internal GrainId Id { get; private set; }

    internal static T Create<T>(EmbeddedRuntime runtime, GrainId id)
        where T : class
    {
        var proxy = Create<T, GrainReference>();
        var reference = (GrainReference)(object)proxy;
        (reference.Runtime, reference.Id) = (runtime, id);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var method = Methods.GetOrAdd(targetMethod!, static m => new GrainMethod(m));
        var copies = new object?[args?.Length ?? 0];
        var cancellation = CancellationToken.None;
        for (var i = 0; i < copies.Length; i++)
        {
            copies[i] = GrainCopier.Copy(args![i]);
            cancellation = args[i] is CancellationToken token ? token : cancellation;
        }

        return method.Wrap(Runtime.CallAsync(new GrainCall(Id, method.Name), method, copies, cancellation));
    }
}

/// <summary>How to invoke one method of a grain interface and how to hand back its result.</summary>
internal sealed class GrainMethod
{
    private readonly MethodInvoker _invoker;
    private readonly Func<object, Task<object?>> _await;

    public GrainMethod(MethodInfo method)
    {
        (Name, Interleaves) = (method.Name, method.IsDefined(typeof(AlwaysInterleaveAttribute)));
        _invoker = MethodInvoker.Create(method);
        var result = method.ReturnType;
        var generic = result.IsGenericType ? result.GetGenericTypeDefinition() : null;
        (Wrap, _await) = result == typeof(Task) ? (call => call, AwaitTaskAsync)
            : result == typeof(ValueTask) ? (call => new ValueTask(call), task => AwaitTaskAsync(((ValueTask)task).AsTask()))
            : generic == typeof(Task<>) ? Typed(nameof(ForTask), result)
            : generic == typeof(ValueTask<>) ? Typed(nameof(ForValueTask), result)
            : throw new NotSupportedException($"{method.DeclaringType}.{method.Name} must return Task or ValueTask.");
    }

    public string Name { get; }

    public bool Interleaves { get; }

    /// <summary>From the untyped call to what the interface's method returns.</summary>
    public Func<Task<object?>, object> Wrap { get; }

    public async Task<object?> InvokeAsync(Grain grain, object?[] args) =>
        GrainCopier.Copy(await _await(_invoker.Invoke(grain, args.AsSpan())!));

    private static (Func<Task<object?>, object>, Func<object, Task<object?>>) Typed(string factory, Type result) =>
        ((Func<Task<object?>, object>, Func<object, Task<object?>>))typeof(GrainMethod)
            .GetMethod(factory, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(result.GetGenericArguments()[0]).Invoke(null, null)!;

    private static (Func<Task<object?>, object>, Func<object, Task<object?>>) ForTask<T>() =>
        (CastAsync<T>, async task => await (Task<T>)task);

    private static (Func<Task<object?>, object>, Func<object, Task<object?>>) ForValueTask<T>() =>
        (call => new ValueTask<T>(CastAsync<T>(call)), async task => await (ValueTask<T>)task);

    private static async Task<object?> AwaitTaskAsync(object task)
    {
        await (Task)task;
        return null;
    }

    private static async Task<T> CastAsync<T>(Task<object?> call) => (T)(await call)!;
}
