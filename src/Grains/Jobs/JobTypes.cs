using Microsoft.Extensions.DependencyInjection;

namespace Bayou.Jobs;

/// <summary>The types of jobs that this build knows.</summary>
internal sealed class JobTypes(IEnumerable<JobHandler> handlers)
{
    private readonly Dictionary<string, JobHandler> _handlers = handlers.ToDictionary(handler => handler.Type.Name, StringComparer.Ordinal);

    /// <summary>By name.</summary>
    public IEnumerable<JobHandler> All => _handlers.Values.OrderBy(handler => handler.Type.Name, StringComparer.Ordinal);

    /// <returns>Null where there is none of this name.</returns>
    public JobHandler? Find(string name) => _handlers.GetValueOrDefault(name);
}

internal static class JobTypeExtensions
{
    /// <summary>Registers a type of jobs.</summary>
    public static IServiceCollection AddJob<TJob, TPayload>(this IServiceCollection services)
        where TJob : class, IJob<TPayload>
        where TPayload : class => services.AddSingleton<JobHandler, JobHandler<TJob, TPayload>>();
}
