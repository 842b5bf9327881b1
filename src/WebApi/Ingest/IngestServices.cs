namespace Bayou.Ingest;

internal static class IngestServices
{
    /// <summary>What all kinds of item share.</summary>
    public static IServiceCollection AddIngest(this IServiceCollection services)
    {
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        return services;
    }

    /// <summary>Takes items of a kind in.</summary>
    /// <param name="store">Where they become durable.</param>
    public static IServiceCollection AddItems<TBatch, TKind>(this IServiceCollection services, Func<IServiceProvider, ITickStore<TBatch>> store)
        where TBatch : class, IIngestBatch
        where TKind : ItemKind<TBatch> => services
        .AddSingleton<ItemKind<TBatch>, TKind>()
        .AddSingleton(store)
        .AddSingleton<IngestNode<TBatch>>()
        .AddSingleton<IngestDoor<TBatch>>()
        .AddHostedService(provider => provider.GetRequiredService<IngestNode<TBatch>>());
}
