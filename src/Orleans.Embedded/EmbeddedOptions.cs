using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>The defaults are those of Orleans.</summary>
public sealed class EmbeddedOptions
{
    /// <summary>How long a call may take before its caller gets a <see cref="TimeoutException"/>.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often idle activations are looked for.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an activation may be idle, where its class does not say.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);
}

/// <summary>Which class serves which grain interface.</summary>
public sealed class GrainCatalog
{
    private readonly Dictionary<string, Type> _classes;
    private readonly Dictionary<Type, string> _types;

    /// <exception cref="InvalidOperationException">Two classes serve one interface.</exception>
    public GrainCatalog(IEnumerable<Assembly> assemblies)
    {
        var classes = assemblies.SelectMany(a => a.GetTypes()).Where(t => t is { IsAbstract: false } && t.IsSubclassOf(typeof(Grain))).ToArray();
        _classes = classes.ToDictionary(NameOf);
        _types = [];
        foreach (var (grain, contract) in classes.SelectMany(c => c.GetInterfaces()
            .Where(i => typeof(IGrainWithStringKey).IsAssignableFrom(i) && i != typeof(IGrainWithStringKey))
            .Select(i => (c, i))))
        {
            if (!_types.TryAdd(contract, NameOf(grain)))
            {
                throw new InvalidOperationException($"Both {grain} and {_types[contract]} serve {contract}.");
            }
        }
    }

    internal string TypeOf(Type contract) => _types.TryGetValue(contract, out var type)
        ? type
        : throw new ArgumentException($"No grain class serves {contract}.");

    internal Type ClassOf(string type) => _classes.TryGetValue(type, out var grain)
        ? grain
        : throw new ArgumentException($"There is no grain class of type {type}.");

    private static string NameOf(Type grain)
    {
        var name = grain.Name.ToLowerInvariant();
        return name.EndsWith("grain", StringComparison.Ordinal) ? name[..^"grain".Length] : name;
    }
}

public static class EmbeddedServices
{
    /// <summary>Hosts the grains of these assemblies in this process. A host adds an <see cref="IReminderStore"/>.</summary>
    public static IServiceCollection AddEmbeddedGrains(this IServiceCollection services, params Assembly[] assemblies)
    {
        services.AddSingleton(new GrainCatalog(assemblies));
        services.AddSingleton<EmbeddedRuntime>();
        services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<EmbeddedRuntime>());
        services.AddSingleton<ReminderService>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<EmbeddedRuntime>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ReminderService>());
        return services;
    }
}
