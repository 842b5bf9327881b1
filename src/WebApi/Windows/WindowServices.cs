namespace Bayou.Windows;

internal static class WindowServices
{
    /// <summary>What makes observations durable, and delivers them to their windows.</summary>
    public static IServiceCollection AddWindows(this IServiceCollection services) => services
        .AddSingleton<JournalWriter>()
        .AddSingleton<JournalAdoption>()
        .AddSingleton<Journal>()
        .AddSingleton<Outstanding>()
        .AddSingleton<IWindowGrains, WindowGrains>()
        .AddSingleton<Delivery>()

        // Stopped in reverse, after whoever fills the journal: it gives its epoch up, then delivery ends.
        .AddHostedService(provider => provider.GetRequiredService<Delivery>())
        .AddHostedService(provider => provider.GetRequiredService<Journal>());
}
