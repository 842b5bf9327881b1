using System.Net;
using System.Net.Sockets;
using Bayou.Database;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Bayou.Hosting;

public static partial class SiloHosting
{
    /// <summary>As <c>GET /info</c> names it.</summary>
    public const string Runtime = "orleans";

    private static void AddGrainRuntime(IHostApplicationBuilder builder)
    {
        builder.UseOrleans(silo =>
        {
            // One silo on loopback; two copies side by side must not meet, so each takes free ports.
            silo.UseLocalhostClustering(FreePort(), FreePort(), serviceId: "bayou", clusterId: "bayou");
            silo.UseAdoNetReminderService((OptionsBuilder<AdoNetReminderTableOptions> reminders) =>
                reminders.Configure<IOptions<DatabaseOptions>>((o, database) =>
                {
                    o.Invariant = "Npgsql";
                    o.ConnectionString = database.Value.ConnectionString();
                }));
        });
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
