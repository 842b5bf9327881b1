using Bayou.Database;
using System.Collections.Concurrent;
using Bayou.Metrics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Requests;

/// <summary>
/// The ids of series, given by PostgreSQL before anything of a series is journaled. Past a project's limit of
/// endpoints, further ones are the series <see cref="SeriesName.Other"/> of their service; past its limit of services,
/// further ones are the service of that name. Endpoints that were made of raw paths are called as <see cref="RouteVariables"/> have it.
/// </summary>
internal sealed class SeriesRegistry(NpgsqlDataSource db, IOptions<MetricsOptions> options)
{
    private static readonly AdvisoryLock Registration = new("series");

    // No sender writes so many series in so many ways; one that does is read the long way.
    private const int MostPlain = 100_000;

    private readonly ConcurrentDictionary<(int Project, SeriesName Name), int> _known = new();
    private readonly ConcurrentDictionary<(int Project, string Service), RouteVariables> _variables = new();
    private readonly ConcurrentDictionary<byte[], KnownSeries> _plain = new(new Utf8Comparer());

    /// <summary>The series of a <see cref="SeriesKey"/>; null when it is not remembered.</summary>
    public KnownSeries? Find(ReadOnlySpan<byte> key) => _plain.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var series) ? series : null;

    /// <summary>Remembers how a sender writes a series. Refused names are unbounded, so never cached.</summary>
    public void Remember(byte[] key, int project, SeriesName name)
    {
        if (key.Length > 0 && _plain.Count < MostPlain && _known.TryGetValue((project, name), out var id)
            && _known.TryGetValue((project, name.OfTotal()), out var total))
        {
            _plain[key] = new(id, total, name.Service);
        }
    }

    /// <param name="fromPath">Those of them that were made of raw paths.</param>
    public async Task<Dictionary<SeriesName, int>> ResolveAsync(
        int project, IEnumerable<SeriesName> names, IReadOnlySet<SeriesName> fromPath, CancellationToken ct)
    {
        var ids = new Dictionary<SeriesName, int>();
        var missing = new List<SeriesName>();
        foreach (var name in names)
        {
            var called = fromPath.Contains(name) ? name with { Endpoint = VariablesOf(project, name.Service).Apply(name.Endpoint) } : name;
            if (_known.TryGetValue((project, called), out var id))
            {
                ids[name] = id;
            }
            else
            {
                missing.Add(name);
            }
        }

        if (missing.Count > 0)
        {
            await AddAsync(project, missing, fromPath, ids, ct);
        }

        return ids;
    }

    /// <summary>What an endpoint that was made of a raw path is called, as far as this node knows.</summary>
    public string NameOf(int project, string service, string endpoint) => VariablesOf(project, service).Apply(endpoint);

    private RouteVariables VariablesOf(int project, string service) => _variables.GetValueOrDefault((project, service), RouteVariables.None);

    private async Task AddAsync(int project, List<SeriesName> missing, IReadOnlySet<SeriesName> fromPath, Dictionary<SeriesName, int> ids, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);

        // One registration of a project at a time, on every node: else two could each take the last free place.
        await Registration.AcquireAsync(connection, ct, project);

        var (services, endpoints, most) = await CountAsync(connection, project, ct);
        var mostEndpoints = most ?? options.Value.MaxEndpoints;
        var routes = new RouteRegistry(connection, project, canLearn: endpoints < mostEndpoints);
        var called = await routes.CallAsync(missing, fromPath, ct);
        var found = new Dictionary<SeriesName, int>();
        await FindAsync(connection, project, [.. called.Values.Distinct()], found, ct);
        var fresh = called.Values.Distinct().Where(name => !found.ContainsKey(name)).ToList();
        var stands = StandIns(fresh, await OtherwiseKnownAsync(connection, project, fresh, ct), services, endpoints, mostEndpoints);
        if (stands.Count > 0)
        {
            var wanted = stands.Values.Distinct().ToList();
            await InsertAsync(connection, project, wanted, called.Where(pair => fromPath.Contains(pair.Key)).Select(pair => pair.Value).ToHashSet(), ct);
            await FindAsync(connection, project, wanted, found, ct);
        }

        await transaction.CommitAsync(ct);
        foreach (var (service, variables) in routes.Variables)
        {
            _variables[(project, service)] = variables;
        }

        foreach (var name in missing)
        {
            var stand = stands.GetValueOrDefault(called[name], called[name]);
            ids[name] = found[stand];

            // Refused names are unbounded, so never cached.
            if (stand == called[name])
            {
                _known[(project, stand)] = ids[name];
            }
        }
    }

    /// <summary>For each new name the series it counts into: itself while there is room, else one that stands for all others.</summary>
    /// <param name="known">Those that are known by another origin: they take no place.</param>
    private Dictionary<SeriesName, SeriesName> StandIns(
        List<SeriesName> fresh, HashSet<(string Service, string Endpoint)> known, int services, int endpoints, int mostEndpoints)
    {
        var stands = new Dictionary<SeriesName, SeriesName>();
        var refused = fresh.Where(name => name.Endpoint == SeriesName.ServiceTotal && !known.Contains((name.Service, name.Endpoint)))
            .Select(name => name.Service).Skip(Math.Max(0, options.Value.MaxServices - services)).ToHashSet();
        foreach (var name in fresh)
        {
            var service = refused.Contains(name.Service) ? SeriesName.Other : name.Service;
            var endpoint = name.Endpoint == SeriesName.ServiceTotal ? name.Endpoint
                : service == SeriesName.Other || (!known.Contains((name.Service, name.Endpoint)) && endpoints++ >= mostEndpoints) ? SeriesName.Other
                : name.Endpoint;
            stands[name] = name with { Service = service, Endpoint = endpoint };
        }

        return stands;
    }

    private static async Task<HashSet<(string Service, string Endpoint)>> OtherwiseKnownAsync(
        NpgsqlConnection connection, int project, List<SeriesName> names, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT DISTINCT s.service, s.endpoint
              FROM series s
              JOIN unnest($2::text[], $3::text[], $4::smallint[]) AS n(service, endpoint, origin) ON n.service = s.service AND n.endpoint = s.endpoint
             WHERE s.project_id = $1
            """, connection);
        Bind(command, project, names);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var known = new HashSet<(string, string)>();
        while (await reader.ReadAsync(ct))
        {
            known.Add((reader.GetString(0), reader.GetString(1)));
        }

        return known;
    }

    private static async Task FindAsync(
        NpgsqlConnection connection, int project, List<SeriesName> names, Dictionary<SeriesName, int> ids, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT s.id, s.service, s.endpoint, s.origin
              FROM series s
              JOIN unnest($2::text[], $3::text[], $4::smallint[]) AS n(service, endpoint, origin) USING (service, endpoint, origin)
             WHERE s.project_id = $1
            """, connection);
        Bind(command, project, names);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            ids[new(reader.GetString(1), reader.GetString(2), (SeriesOrigin)reader.GetInt16(3))] = reader.GetInt32(0);
        }
    }

    private static async Task InsertAsync(NpgsqlConnection connection, int project, List<SeriesName> names, HashSet<SeriesName> fromPath, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            INSERT INTO series (project_id, service, endpoint, origin, from_path)
            SELECT $1, service, endpoint, origin, from_path
              FROM unnest($2::text[], $3::text[], $4::smallint[], $5::boolean[]) AS n(service, endpoint, origin, from_path)
            ON CONFLICT DO NOTHING
            """, connection);
        Bind(command, project, names);
        command.With(names.Select(fromPath.Contains).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<(int Services, int Endpoints, int? MostEndpoints)> CountAsync(NpgsqlConnection connection, int project, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT count(*) FILTER (WHERE endpoint = $2)::int, count(*) FILTER (WHERE endpoint NOT IN ($2, $3))::int,
                   (SELECT max_endpoints FROM projects WHERE id = $1)
              FROM (SELECT DISTINCT service, endpoint FROM series WHERE project_id = $1) known -- whatever their origins
            """, connection);
        command.With(project, SeriesName.ServiceTotal, SeriesName.Other);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt32(0), reader.GetInt32(1), await reader.OrNullAsync<int>(2, ct));
    }

    private static void Bind(NpgsqlCommand command, int project, List<SeriesName> names)
    {
        command.With(
            project, names.Select(n => n.Service).ToArray(), names.Select(n => n.Endpoint).ToArray(), names.Select(n => (short)n.Origin).ToArray());
    }
}

/// <summary>A registered series.</summary>
/// <param name="Total">The whole service's.</param>
internal sealed record KnownSeries(int Id, int Total, string Service);
