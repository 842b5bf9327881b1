using Bayou.Ingest;

namespace Bayou.Logs;

internal static class LogServices
{
    /// <summary>What both taking lines in and finding them need.</summary>
    public static IServiceCollection AddLogs(this IServiceCollection services) => services
        .AddSingleton<PatternRegistry>()
        .AddHostedService(provider => provider.GetRequiredService<PatternRegistry>());

    public static IServiceCollection AddLogIngest(this IServiceCollection services) => services
        .AddSingleton<LogWriter>()
        .AddItems<LogBatch, LogKind>(provider => provider.GetRequiredService<LogWriter>());
}
