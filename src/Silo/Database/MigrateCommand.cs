using Bayou.Hosting;
using Bayou.Jobs;
using Bayou.Metrics;

namespace Bayou.Database;

/// <summary><c>dotnet Silo.dll migrate</c> brings the database up to this version, and ends: the first step of a rollout.</summary>
internal static class MigrateCommand
{
    public const string Name = "migrate";

    /// <returns>The exit code: 0; 1 where the database cannot be used, or not be brought up.</returns>
    public static async Task<int> RunAsync(IConfiguration configuration, TextWriter output, TextWriter errors, CancellationToken ct)
    {
        try
        {
            await using var services = Services(configuration);
            await services.GetRequiredService<Migrator>().StartAsync(ct);
            await output.WriteLineAsync($"The database is what {SiloHosting.Version} needs.");
            return 0;
        }
        catch (Exception e) when (BayouProgram.ReasonOf(e) is { } reason)
        {
            await errors.WriteLineAsync($"bayou: {reason}");
            return 1;
        }
    }

    /// <summary>Of a command that works on the database and starts nothing.</summary>
    internal static ServiceProvider Services(IConfiguration configuration) =>
        new ServiceCollection().AddSingleton(configuration).AddSingleton(TimeProvider.System).AddLogging()
            .AddBayouDatabase(configuration).AddSingleton<WindowPartitions>().AddSingleton<JobCleanup>().AddSingleton<Migrator>().BuildServiceProvider();
}
