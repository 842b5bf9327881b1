using Bayou.Cluster;
using Bayou.Metrics;
using Orleans.Embedded;

namespace Bayou.Hosting;

public static partial class SiloHosting
{
    /// <summary>As <c>GET /info</c> names it.</summary>
    public const string Runtime = "embedded";

    private static void AddGrainRuntime(IHostApplicationBuilder builder, ClusterOptions cluster, NodeRoles roles)
    {
        if (cluster.Mode != ClusterMode.Localhost)
        {
            throw new CannotStartException($"{ClusterOptions.Section}:{nameof(cluster.Mode)} is {cluster.Mode}, but this build's grain runtime is one process and no cluster; build with -p:GrainRuntime=Orleans.");
        }

        builder.Services.AddSingleton<IReminderStore, ReminderStore>();
        builder.Services.AddSingleton<ISiloFigures, SiloFigures>();
        builder.Services.AddEmbeddedGrains(typeof(WindowFlusher).Assembly);
    }
}
