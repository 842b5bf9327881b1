using System.Net;
using Bayou.Cluster;
using Bayou.Database;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using ClusterOptions = Bayou.Cluster.ClusterOptions;

namespace Bayou.Hosting;

/// <summary>Orleans in this process: a silo alone, a silo among others, or a client of theirs.</summary>
internal static class OrleansHosting
{
    private const string Invariant = "Npgsql";

    public static void AddOrleans(this IHostApplicationBuilder builder, ClusterOptions cluster, NodeRoles roles)
    {
        if (roles.HasFlag(NodeRoles.Silo))
        {
            AddSilo(builder, cluster);
        }
        else
        {
            AddClient(builder, cluster);
        }
    }

    private static void AddSilo(IHostApplicationBuilder builder, ClusterOptions cluster)
    {
        builder.Services.AddSingleton<SiloFigures>();
        builder.Services.AddSingleton<ISiloFigures>(provider => provider.GetRequiredService<SiloFigures>());
        builder.Services.AddSingleton<IIncomingGrainCallFilter>(provider => provider.GetRequiredService<SiloFigures>());
        if (cluster.Mode == ClusterMode.Postgres)
        {
            builder.Services.AddHostedService<DeadMembers>(); // Before the silo, which joins.
        }

        builder.UseOrleans(silo =>
        {
            if (cluster.Mode == ClusterMode.Localhost)
            {
                silo.UseLocalhostClustering(gatewayPort: 0, serviceId: cluster.ServiceId, clusterId: cluster.ClusterId);
                silo.ListenWith(new NoListener());
            }
            else
            {
                JoinCluster(silo, cluster);
            }

            silo.UseAdoNetReminderService((OptionsBuilder<AdoNetReminderTableOptions> reminders) =>
                OnDatabase(reminders, (o, url) => (o.Invariant, o.ConnectionString) = (Invariant, url)));
        });
    }

    private static void JoinCluster(ISiloBuilder silo, ClusterOptions cluster)
    {
        var address = cluster.Address();
        var isLoopback = IPAddress.IsLoopback(address);
        var ports = new FreePorts(isLoopback ? address : IPAddress.Any);
        silo.Configure<Orleans.Configuration.ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.ClusterId, cluster.ServiceId));
        silo.ConfigureEndpoints(address, ports.OrTake(cluster.SiloPort), ports.OrTake(cluster.GatewayPort), listenOnAnyHostAddress: !isLoopback);
        silo.ListenWith(ports);
        silo.UseAdoNetClustering((OptionsBuilder<AdoNetClusteringSiloOptions> membership) =>
            OnDatabase(membership, (o, url) => (o.Invariant, o.ConnectionString) = (Invariant, url)));
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5); // DeadMembers takes for dead who has missed three.
            membership.MaxJoinAttemptTime = TimeSpan.FromSeconds(20); // Then it ends, and is started again.
            membership.DefunctSiloExpiration = TimeSpan.FromHours(12); // On Fargate each start is at a new address: else a week of dead rows is read.
            membership.EvictWhenMaxJoinAttemptTimeExceeded = false; // A migration may take longer, and its silo is well.
        });
        AddHints(silo);
    }

    /// <summary>A client that waits for its first silo without holding up what else the process does.</summary>
    private static void AddClient(IHostApplicationBuilder builder, ClusterOptions cluster)
    {
        builder.Services.AddSingleton(new GrainReach { IsUp = false });
        builder.Services.AddSingleton<ISiloFigures, NoSiloFigures>();
        builder.Services.AddSingleton<ClusterConnection>();
        builder.Services.AddSingleton<IClientConnectionRetryFilter>(provider => provider.GetRequiredService<ClusterConnection>());
        var others = builder.Services.Where(service => service.ServiceType == typeof(IHostedService)).ToHashSet();
        builder.UseOrleansClient(client =>
        {
            client.Configure<Orleans.Configuration.ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.ClusterId, cluster.ServiceId));
            client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(10)); // New silos have new addresses.
            client.UseAdoNetClustering((OptionsBuilder<AdoNetClusteringClientOptions> gateways) =>
                OnDatabase(gateways, (o, url) => (o.Invariant, o.ConnectionString) = (Invariant, url)));
            client.AddMemoryStreams(ClusterHints.Provider, streams => streams.ConfigurePartitioning(1));
        });
        foreach (var started in builder.Services.Where(service => service.ServiceType == typeof(IHostedService) && !others.Contains(service)).ToList())
        {
            builder.Services.Remove(started); // The host would wait for a silo; ClusterConnection starts it instead.
        }

        builder.Services.AddHostedService(provider => provider.GetRequiredService<ClusterConnection>());
        builder.Services.AddHostedService<ClusterHints>();
    }

    /// <summary>Streams that carry hints; who listens is kept in the database, so that it outlives silos.</summary>
    public static void AddHints(ISiloBuilder silo)
    {
        silo.AddMemoryStreams(ClusterHints.Provider, streams =>
        {
            streams.ConfigurePartitioning(1);

            // Soon enough; each look costs a call.
            streams.ConfigurePullingAgent(agent => agent.Configure(o => o.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(250)));
        });
        silo.AddAdoNetGrainStorage("PubSubStore", (OptionsBuilder<AdoNetGrainStorageOptions> storage) =>
            OnDatabase(storage, (o, url) => (o.Invariant, o.ConnectionString) = (Invariant, url)));
        silo.Services.AddHostedService<ClusterHints>();
    }

    /// <summary>Has a provider use our database. Their options have the same two members, and no type in common.</summary>
    private static void OnDatabase<T>(OptionsBuilder<T> options, Action<T, string> set)
        where T : class => options.Configure<IOptions<DatabaseOptions>>((o, database) => set(o, database.Value.ConnectionString()));
}
