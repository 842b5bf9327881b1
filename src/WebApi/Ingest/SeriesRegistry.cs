using System.Collections.Concurrent;
using Bayou.Metrics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Ingest;

/// <summary>
/// The ids of series, given by PostgreSQL before anything of a series is journaled. Past a project's limit of
/// endpoints, further ones are the series <see cref="SeriesName.Other"/> of their service.
/// </summary>
internal sealed class SeriesRegistry(NpgsqlDataSource db, IOptions<MetricsOptions> options)
{
    private readonly ConcurrentDictionary<(int Project, SeriesName Name), int> _known = new();

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
        var fresh = missing.Where(name => !ids.ContainsKey(name)).ToList();
        if (fresh.Count > 0)
        {
            var left = options.Value.MaxEndpoints - await CountAsync(connection, project, ct);
            var endpoints = fresh.Where(name => name.Endpoint != SeriesName.WholeService).ToList();
            var fitting = endpoints.Take(Math.Max(0, left)).ToHashSet();
            var created = fresh.Where(name => name.Endpoint == SeriesName.WholeService || fitting.Contains(name)).ToList();
            var over = endpoints.Where(name => !fitting.Contains(name)).ToList();
            var others = over.Select(name => new SeriesName(name.Service, SeriesName.Other)).Distinct().ToList();
            await InsertAsync(connection, project, [.. created, .. others], ct);
            await FindAsync(connection, project, [.. created, .. others], ids, ct);
            foreach (var name in over)
            {
                ids[name] = ids[new(name.Service, SeriesName.Other)];
            }
        }

        await transaction.CommitAsync(ct);

        // What went to __other__ is not remembered: there is no end to it.
        foreach (var name in missing.Where(name => ids[name] != ids.GetValueOrDefault(new(name.Service, SeriesName.Other), -1)))
        {
            _known[(project, name)] = ids[name];
        }
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

    private static async Task<int> CountAsync(NpgsqlConnection connection, int project, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "SELECT count(*)::int FROM series WHERE project_id = $1 AND endpoint NOT IN ($2, $3)", connection);
        command.Parameters.Add(new() { Value = project });
        command.Parameters.Add(new() { Value = SeriesName.WholeService });
        command.Parameters.Add(new() { Value = SeriesName.Other });
        return (int)(await command.ExecuteScalarAsync(ct))!;
    }

    private static void Bind(NpgsqlCommand command, int project, List<SeriesName> names)
    {
        command.Parameters.Add(new() { Value = project });
        command.Parameters.Add(new() { Value = names.Select(n => n.Service).ToArray() });
        command.Parameters.Add(new() { Value = names.Select(n => n.Endpoint).ToArray() });
    }
}
