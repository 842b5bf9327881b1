using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Bayou.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Points;

/// <summary>The numbers of series of points, which PostgreSQL gives; none past a project's limit.</summary>
internal sealed class PointSeries(NpgsqlDataSource db, IOptions<PointsOptions> options, TimeProvider time)
{
    private static readonly AdvisoryLock Registration = new("point_series");

    private const int MostKnown = 200_000;

    private readonly ConcurrentDictionary<(int Project, UInt128 Hash), (int Id, DateOnly Day)> _known = new();

    /// <returns>Null for one that must be looked up, or was not seen today.</returns>
    public int? Find(int project, UInt128 hash) => _known.TryGetValue((project, hash), out var known) && known.Day == Today ? known.Id : null;

    /// <summary>Finds or makes them, and notes that they are still in use; those past the limit are not in the answer.</summary>
    public async Task<Dictionary<UInt128, int>> MakeAsync(
        int project, IReadOnlyList<(UInt128 Hash, SeriesIdentity Series, int Resource)> wanted, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Registration.AcquireAsync(connection, ct, project); // Else two nodes could each take the last free place.
        await using var command = new NpgsqlCommand("""
            WITH wanted AS (
                SELECT * FROM unnest($2::bytea[], $3::text[], $4::smallint[], $5::boolean[], $6::boolean[], $7::text[], $8::text[], $9::text[], $10::int[],
                                     $11::text[])
                    AS w(hash, name, kind, is_cumulative, is_monotonic, unit, description, service, resource_id, attributes)),
            seen AS (
                UPDATE point_series s SET seen_on = current_date, resource_id = w.resource_id FROM wanted w
                 WHERE s.project_id = $1 AND s.hash = w.hash RETURNING s.hash, s.id),
            made AS (
                INSERT INTO point_series (project_id, hash, name, kind, is_cumulative, is_monotonic, unit, description, service, resource_id, attributes)
                SELECT $1, hash, name, kind, is_cumulative, is_monotonic, unit, description, service, resource_id, attributes::jsonb
                  FROM wanted WHERE hash NOT IN (SELECT hash FROM seen)
                 LIMIT greatest(0, $12 - (SELECT count(*) FROM point_series WHERE project_id = $1))
                RETURNING hash, id)
            SELECT hash, id FROM seen UNION ALL SELECT hash, id FROM made
            """, connection);
        command.With(
            project, wanted.Select(one => BytesOf(one.Hash)).ToArray(), wanted.Select(one => one.Series.Name).ToArray(),
            wanted.Select(one => (short)one.Series.Kind).ToArray(), wanted.Select(one => one.Series.IsCumulative).ToArray(),
            wanted.Select(one => one.Series.IsMonotonic).ToArray(), wanted.Select(one => one.Series.Unit).ToArray(),
            wanted.Select(one => one.Series.Description).ToArray(), wanted.Select(one => one.Series.Service).ToArray(),
            wanted.Select(one => one.Resource).ToArray(), wanted.Select(one => Encoding.UTF8.GetString(one.Series.Attributes)).ToArray(),
            options.Value.MaxSeries);
        var ids = new Dictionary<UInt128, int>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                ids[BinaryPrimitives.ReadUInt128BigEndian(reader.GetFieldValue<byte[]>(0))] = reader.GetInt32(1);
            }
        }

        await transaction.CommitAsync(ct);
        if (_known.Count > MostKnown)
        {
            _known.Clear();
        }

        foreach (var (hash, id) in ids)
        {
            _known[(project, hash)] = (id, Today);
        }

        return ids;
    }

    private DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    private static byte[] BytesOf(UInt128 hash)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        return bytes;
    }
}
