using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Bayou.Database;
using Npgsql;

namespace Bayou.Traces;

/// <summary>The numbers of what spans are made by, which PostgreSQL gives: a span has the number, and what all spans of a process say is stored once.</summary>
internal sealed class SpanResources(NpgsqlDataSource db, TimeProvider time)
{
    /// <summary>Those that are remembered; a sender may say another with each request.</summary>
    private const int MostKnown = 50_000;

    /// <summary>Of a project; what was made by further ones does not say by which.</summary>
    private const int Most = 50_000;

    private readonly ConcurrentDictionary<(int Project, UInt128 Hash), (int Id, DateOnly Day)> _known = new();

    /// <summary>By which a resource is found.</summary>
    public static UInt128 HashOf(ReadOnlySpan<byte> json)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(json, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <returns>Null for one that must be looked up, or was not seen today.</returns>
    public int? Find(int project, UInt128 hash) => _known.TryGetValue((project, hash), out var known) && known.Day == Today ? known.Id : null;

    /// <summary>Finds or makes them, as far as there is room, and notes that they are still in use.</summary>
    public async Task<Dictionary<UInt128, int>> MakeAsync(int project, IReadOnlyDictionary<UInt128, byte[]> resources, CancellationToken ct)
    {
        // Sorted, so that two nodes with the same ones cannot wait for each other.
        var sorted = resources.OrderBy(one => one.Key).Select(one => (Hash: BytesOf(one.Key), Json: Encoding.UTF8.GetString(one.Value))).ToList();
        await using var command = db.CreateCommand("""
            INSERT INTO span_resources (project_id, hash, resource)
            SELECT $1, hash, resource::jsonb FROM unnest($2::bytea[], $3::text[]) AS r(hash, resource)
             WHERE (SELECT count(*) FROM span_resources WHERE project_id = $1) < $4
                OR EXISTS (SELECT FROM span_resources k WHERE k.project_id = $1 AND k.hash = r.hash)
            ON CONFLICT (project_id, hash) DO UPDATE SET seen_on = current_date
            RETURNING hash, id
            """);
        command.With(project, sorted.ConvertAll(one => one.Hash).ToArray(), sorted.ConvertAll(one => one.Json).ToArray(), Most);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var made = new Dictionary<UInt128, int>();
        while (await reader.ReadAsync(ct))
        {
            made[BinaryPrimitives.ReadUInt128BigEndian(reader.GetFieldValue<byte[]>(0))] = reader.GetInt32(1);
        }

        if (_known.Count > MostKnown)
        {
            _known.Clear();
        }

        foreach (var (hash, id) in made)
        {
            _known[(project, hash)] = (id, Today);
        }

        return made;
    }

    private DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    private static byte[] BytesOf(UInt128 hash)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        return bytes;
    }
}
