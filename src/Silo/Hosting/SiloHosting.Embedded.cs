using Bayou.Metrics;
using Orleans.Embedded;

namespace Bayou.Hosting;

public static partial class SiloHosting
{
    /// <summary>As <c>GET /info</c> names it.</summary>
    public const string Runtime = "embedded";

    private static void AddGrainRuntime(IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IReminderStore, ReminderStore>();
        builder.Services.AddEmbeddedGrains(typeof(WindowFlusher).Assembly);
    }
}
