namespace Bayou.Ingest;

internal static class IngestServices
{
    /// <summary>What takes observations in, and delivers them to their windows.</summary>
    public static IServiceCollection AddIngest(this IServiceCollection services)
    {
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SeriesRegistry>();
        services.AddSingleton<JournalWriter>();
        services.AddSingleton<JournalAdoption>();
        services.AddSingleton<Journal>();
        services.AddSingleton<LossCounter>();
        services.AddSingleton<Outstanding>();
        services.AddSingleton<IWindowGrains, WindowGrains>();
        services.AddSingleton<Delivery>();

        // Stopped in reverse: the node journals what it has taken, the journal gives its epoch up, then delivery ends.
        services.AddHostedService(provider => provider.GetRequiredService<Delivery>());
        services.AddHostedService(provider => provider.GetRequiredService<Journal>());
        services.AddItems<ObservationBatch, RequestKind>(provider => provider.GetRequiredService<Journal>());
        services.AddHostedService(provider => provider.GetRequiredService<LossCounter>());
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
