using Bayou.Database;
using Npgsql;

namespace Bayou.Requests;

/// <summary>
/// What <see cref="RouteVariables"/> there are, and more where there must be. For one transaction that alone registers series of the project.
/// </summary>
/// <param name="canLearn">False where there is no room for more endpoints: then what is new is counted with all others anyway.</param>
internal sealed class RouteRegistry(NpgsqlConnection connection, int project, bool canLearn)
{
    /// <summary>Of the services that were asked for, by name.</summary>
    public Dictionary<string, RouteVariables> Variables { get; } = [];

    /// <summary>Says for each name what its series is called.</summary>
    /// <param name="fromPath">Those whose endpoints were made of raw paths: others keep theirs.</param>
    public async Task<Dictionary<SeriesName, SeriesName>> CallAsync(List<SeriesName> names, IReadOnlySet<SeriesName> fromPath, CancellationToken ct)
    {
        var called = names.ToDictionary(name => name);
        string[] services = [.. names.Where(fromPath.Contains).Select(name => name.Service).Distinct()];
        if (services.Length == 0)
        {
            return called;
        }

        await ReadAsync(services, ct);
        var trees = canLearn ? await ReadTreesAsync(services, ct) : [];
        foreach (var name in names.Where(fromPath.Contains))
        {
            called[name] = name with { Endpoint = await CallAsync(name, trees.GetValueOrDefault(name.Service), ct) };
        }

        return called;
    }

    private async Task<string> CallAsync(SeriesName name, RouteTree? tree, CancellationToken ct)
    {
        while (true)
        {
            var endpoint = Variables[name.Service].Apply(name.Endpoint);
            if (tree?.FindCrowded(endpoint) is not var (prefix, names))
            {
                tree?.Add(endpoint, isFromPath: true);
                return endpoint;
            }

            Variables[name.Service] = Variables[name.Service].With(prefix, names);
            await WriteAsync(name.Service, prefix, [.. names], ct);
        }
    }

    private async Task ReadAsync(string[] services, CancellationToken ct)
    {
        foreach (var service in services)
        {
            Variables[service] = RouteVariables.None;
        }

        await using var command =
            new NpgsqlCommand("SELECT service, prefix, kept FROM route_variables WHERE project_id = $1 AND service = ANY ($2)", connection);
        command.With(project, services);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            Variables[reader.GetString(0)] = Variables[reader.GetString(0)].With(reader.GetString(1), reader.GetFieldValue<string[]>(2));
        }
    }

    private async Task<Dictionary<string, RouteTree>> ReadTreesAsync(string[] services, CancellationToken ct)
    {
        var trees = services.ToDictionary(service => service, _ => new RouteTree());
        await using var command = new NpgsqlCommand("SELECT service, endpoint, from_path FROM series WHERE project_id = $1 AND service = ANY ($2)", connection);
        command.With(project, services);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            trees[reader.GetString(0)].Add(reader.GetString(1), reader.GetBoolean(2));
        }

        return trees;
    }

    private async Task WriteAsync(string service, string prefix, string[] kept, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("INSERT INTO route_variables (project_id, service, prefix, kept) VALUES ($1, $2, $3, $4)", connection);
        command.With(project, service, prefix, kept);
        await command.ExecuteNonQueryAsync(ct);
    }
}
