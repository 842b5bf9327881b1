using Bayou.Ingest;
using Bayou.Segments;

namespace Bayou.Logs;

internal static class LogServices
{
    /// <summary>What both taking lines in and finding them need.</summary>
    public static IServiceCollection AddLogs(this IServiceCollection services) => services
        .AddSingleton<PatternRegistries>()
        .AddHostedService(provider => provider.GetRequiredService<PatternRegistries>());

    public static IServiceCollection AddLogIngest(this IServiceCollection services) => services
        .AddSingleton<SegmentWriter<LogSegments, LogBatch>>()
        .AddItems<LogBatch, LogKind>(provider => provider.GetRequiredService<SegmentWriter<LogSegments, LogBatch>>());
}
