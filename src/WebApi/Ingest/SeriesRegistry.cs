using System.Collections.Concurrent;
using Bayou.Metrics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Ingest;

/// <summary>
/// The ids of series, given by PostgreSQL before anything of a series is journaled. Past a project's limit of
/// endpoints, further ones are the series <see cref="SeriesName.Other"/> of their service; past its limit of services,
/// further ones are the service of that name.
/// </summary>
internal sealed class SeriesRegistry(NpgsqlDataSource db, IOptions<MetricsOptions> options)
{
    // No sender writes so many series in so many ways; one that does is read the long way.
    private const int MostPlain = 100_000;

    private readonly ConcurrentDictionary<(int Project, SeriesName Name), int> _known = new();
    private readonly ConcurrentDictionary<byte[], KnownSeries> _plain = new(new Utf8Comparer());

    /// <summary>The series of a <see cref="SeriesKey"/>; null when it is not remembered.</summary>
    public KnownSeries? Find(ReadOnlySpan<byte> key) => _plain.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var series) ? series : null;

    /// <summary>Remembers how a sender writes a series, unless it was turned away: of those there is no end.</summary>
    public void Remember(byte[] key, int project, SeriesName name)
    {
        if (key.Length > 0 && _plain.Count < MostPlain && _known.TryGetValue((project, name), out var id) && _known.TryGetValue((project, name.OfWhole()), out var whole))
        {
            _plain[key] = new(id, whole, name.Service);
        }
    }

    public async Task<Dictionary<SeriesName, int>> ResolveAsync(int project, IEnumerable<SeriesName> names, CancellationToken ct)
    {
        var ids = new Dictionary<SeriesName, int>();
        var missing = new List<SeriesName>();
        foreach (var name in names)
        {
            if (_known.TryGetValue((project, name), out var id))
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
            await AddAsync(project, missing, ids, ct);
        }

        return ids;
    }

    private async Task AddAsync(int project, List<SeriesName> missing, Dictionary<SeriesName, int> ids, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);

        // One registration of a project at a time, on every node: else two could each take the last free place.
        await using (var take = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended('bayou.series', $1))", connection, transaction))
        {
            take.Parameters.Add(new() { Value = (long)project });
            await take.ExecuteNonQueryAsync(ct);
        }

        await FindAsync(connection, project, missing, ids, ct);
        var stands = await StandInsAsync(connection, project, [.. missing.Where(name => !ids.ContainsKey(name))], ct);
        if (stands.Count > 0)
        {
            var wanted = stands.Values.Distinct().ToList();
            await InsertAsync(connection, project, wanted, ct);
            await FindAsync(connection, project, wanted, ids, ct);
        }

        await transaction.CommitAsync(ct);
        foreach (var name in missing)
        {
            ids[name] = ids[stands.GetValueOrDefault(name, name)];

            // What was turned away is not remembered: there is no end to it.
            if (stands.GetValueOrDefault(name, name) == name)
            {
                _known[(project, name)] = ids[name];
            }
        }
    }

    /// <summary>For each new name the series it counts into: itself while there is room, else one that stands for all others.</summary>
    private async Task<Dictionary<SeriesName, SeriesName>> StandInsAsync(
        NpgsqlConnection connection, int project, List<SeriesName> fresh, CancellationToken ct)
    {
        if (fresh.Count == 0)
        {
            return [];
        }

        var (services, endpoints) = await CountAsync(connection, project, ct);
        var stands = new Dictionary<SeriesName, SeriesName>();
        var refused = fresh.Where(name => name.Endpoint == SeriesName.WholeService).Select(name => name.Service)
            .Skip(Math.Max(0, options.Value.MaxServices - services)).ToHashSet();
        foreach (var name in fresh)
        {
            var service = refused.Contains(name.Service) ? SeriesName.Other : name.Service;
            var endpoint = name.Endpoint == SeriesName.WholeService ? name.Endpoint
                : service == SeriesName.Other || endpoints++ >= options.Value.MaxEndpoints ? SeriesName.Other
                : name.Endpoint;
            stands[name] = new(service, endpoint);
        }

        return stands;
    }

    private static async Task FindAsync(
        NpgsqlConnection connection, int project, List<SeriesName> names, Dictionary<SeriesName, int> ids, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT s.id, s.service, s.endpoint
              FROM series s
              JOIN unnest($2::text[], $3::text[]) AS n(service, endpoint) USING (service, endpoint)
             WHERE s.project_id = $1
            """, connection);
        Bind(command, project, names);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            ids[new(reader.GetString(1), reader.GetString(2))] = reader.GetInt32(0);
        }
    }

    private static async Task InsertAsync(NpgsqlConnection connection, int project, List<SeriesName> names, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            INSERT INTO series (project_id, service, endpoint)
            SELECT $1, service, endpoint FROM unnest($2::text[], $3::text[]) AS n(service, endpoint)
            ON CONFLICT DO NOTHING
            """, connection);
        Bind(command, project, names);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<(int Services, int Endpoints)> CountAsync(NpgsqlConnection connection, int project, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT count(*) FILTER (WHERE endpoint = $2)::int, count(*) FILTER (WHERE endpoint NOT IN ($2, $3))::int
              FROM series WHERE project_id = $1
            """, connection);
        command.Parameters.Add(new() { Value = project });
        command.Parameters.Add(new() { Value = SeriesName.WholeService });
        command.Parameters.Add(new() { Value = SeriesName.Other });
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt32(0), reader.GetInt32(1));
    }

    private static void Bind(NpgsqlCommand command, int project, List<SeriesName> names)
    {
        command.Parameters.Add(new() { Value = project });
        command.Parameters.Add(new() { Value = names.Select(n => n.Service).ToArray() });
        command.Parameters.Add(new() { Value = names.Select(n => n.Endpoint).ToArray() });
    }
}

/// <summary>A registered series.</summary>
/// <param name="Whole">The whole service's.</param>
internal sealed record KnownSeries(int Id, int Whole, string Service);
