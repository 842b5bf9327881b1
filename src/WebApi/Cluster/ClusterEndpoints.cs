using System.Text.Json;
using Bayou.Access;
using Bayou.Database;
using Bayou.Hosting;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Cluster;

/// <summary>How a process is: silent when it has missed two heartbeats, dead when its cluster says so.</summary>
internal enum NodeStatus { Up, Stopping, Stopped, Silent, Dead }

/// <summary>A process on this database.</summary>
/// <param name="SilentSeconds">Since its last heartbeat.</param>
/// <param name="CpuCores">Of the last heartbeat's period.</param>
/// <param name="Activations">Number by grain type.</param>
internal sealed record ClusterNode(
    Guid Id, string Name, NodeStatus Status, IReadOnlyList<string> Roles, string Version, string Runtime, DateTime StartedAt, double AgeSeconds,
    double SilentSeconds,
    double CpuCores, long MemoryBytes, double CallsPerSecond, IReadOnlyDictionary<string, int> Activations);

/// <summary>A reminder, and what its last run did.</summary>
/// <param name="Node">Where it ran.</param>
/// <param name="Error">Null when all went well.</param>
internal sealed record ClusterReminder(string Name, string Node, DateTime LastRun, double Seconds, string? Error, long Runs, long Failures);

/// <summary>What the health reminder found.</summary>
/// <param name="Message">Null when all is well.</param>
internal sealed record ClusterCheck(string Name, string? Message, DateTime CheckedAt);

/// <param name="Mode"><c>localhost</c>, or <c>postgres</c> for one of several.</param>
/// <param name="Self">The id of the process that answers.</param>
internal sealed record ClusterAnswer(
    string Runtime, ClusterMode Mode, Guid Self, IReadOnlyList<ClusterNode> Nodes, IReadOnlyList<ClusterReminder> Reminders,
    IReadOnlyList<ClusterCheck> Checks);

/// <summary><c>GET /cluster</c>: the processes on this database, their reminders, and what these find.</summary>
internal sealed class ClusterView([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, ClusterOptions cluster, NodeIdentity self)
{
    public static QuerySpec Spec { get; } = new([], []);

    public async Task<Results<ApiResult<ClusterAnswer>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        if (new QueryReader(http, Spec).Problem is { } problem)
        {
            return problem;
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        return new ApiResult<ClusterAnswer>(new(
            SiloHosting.Runtime, cluster.Mode, self.Id, await NodesAsync(connection, ct), await RemindersAsync(connection, ct),
            await ChecksAsync(connection, ct)));
    }

    private async Task<List<ClusterNode>> NodesAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        // A silo's address as Orleans writes it: ip:port@generation.
        await using var command = new NpgsqlCommand("""
            SELECT n.id, n.name,
                   CASE WHEN n.stopped_at IS NOT NULL THEN 'stopped'
                        WHEN m.status = 6 THEN 'dead'
                        WHEN n.beat_at < now() - $1 THEN 'silent'
                        WHEN n.stopping_at IS NOT NULL THEN 'stopping'
                        ELSE 'up' END,
                   n.roles, n.version, n.runtime, n.started_at, extract(epoch FROM coalesce(n.stopped_at, now()) - n.started_at)::float8,
                   greatest(0, extract(epoch FROM now() - n.beat_at))::float8, n.cpu_cores, n.memory_bytes, n.calls_per_second, n.activations::text
              FROM cluster_nodes n
              LEFT JOIN cluster_membership m ON m.cluster_id = $2 AND n.silo = format('%s:%s@%s', m.address, m.port, m.generation)
             ORDER BY n.name, n.started_at DESC
            """, connection);
        command.With(Heartbeats.Silence, cluster.ClusterId);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var nodes = new List<ClusterNode>();
        while (await reader.ReadAsync(ct))
        {
            nodes.Add(new(
                reader.GetGuid(0), reader.GetString(1), Enum.Parse<NodeStatus>(reader.GetString(2), ignoreCase: true), reader.GetFieldValue<string[]>(3),
                reader.GetString(4), reader.GetString(5),
                reader.GetDateTime(6), Math.Round(reader.GetDouble(7), 1), Math.Round(reader.GetDouble(8), 1), Math.Round(reader.GetFloat(9), 3),
                reader.GetInt64(10), Math.Round(reader.GetFloat(11), 1), JsonSerializer.Deserialize<Dictionary<string, int>>(reader.GetString(12))!));
        }

        return nodes;
    }

    private static async Task<List<ClusterReminder>> RemindersAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command =
            new NpgsqlCommand("SELECT name, node, started_at, seconds, error, runs, failures FROM reminder_runs ORDER BY name", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var reminders = new List<ClusterReminder>();
        while (await reader.ReadAsync(ct))
        {
            reminders.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetDateTime(2), Math.Round(reader.GetFloat(3), 3), reader.IsDBNull(4) ? null
                    : reader.GetString(4),
                reader.GetInt64(5), reader.GetInt64(6)));
        }

        return reminders;
    }

    private static async Task<List<ClusterCheck>> ChecksAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT name, message, checked_at FROM health_checks ORDER BY name", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var checks = new List<ClusterCheck>();
        while (await reader.ReadAsync(ct))
        {
            checks.Add(new(reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetDateTime(2)));
        }

        return checks;
    }
}

internal static class ClusterEndpoints
{
    public static IServiceCollection AddClusterQueries(this IServiceCollection services) => services.AddSingleton<ClusterView>();

    public static void MapCluster(this IEndpointRouteBuilder routes) => routes
        .MapGet("/cluster", (HttpContext http, ClusterView view, CancellationToken ct) => view.GetAsync(http, ct)).Needs(Permission.Read)
        .IsRead().WithTags("Cluster").WithName("Cluster").WithSummary("The processes on this database, and what their reminders did.")
        .WithMetadata(ClusterView.Spec);
}
