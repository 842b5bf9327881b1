namespace Bayou.Ingest;

internal static class IngestServices
{
    public static IServiceCollection AddIngest(this IServiceCollection services)
    {
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SeriesRegistry>();
        services.AddSingleton<JournalWriter>();
        services.AddSingleton<JournalAdoption>();
        services.AddSingleton<IngestService>();
        services.AddSingleton<RequestIngest>();
        services.AddSingleton<LossCounter>();
        services.AddSingleton<Outstanding>();
        services.AddSingleton<IWindowGrains, WindowGrains>();
        services.AddSingleton<Delivery>();
        services.AddSingleton<IngestNode>();

        // Stopped in reverse: the node journals what it has taken, then delivery ends.
        services.AddHostedService(provider => provider.GetRequiredService<Delivery>());
        services.AddHostedService(provider => provider.GetRequiredService<IngestNode>());
        services.AddHostedService(provider => provider.GetRequiredService<LossCounter>());
        return services;
    }
}
