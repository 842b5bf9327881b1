using Bayou.Database;
using Bayou.Projects;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Between which ids and times lines lie, the ends included.</summary>
internal readonly record struct LogBounds(long MinId, long MaxId, DateTime MinTime, DateTime MaxTime)
{
    public bool Overlaps(DateTime? start, DateTime? end) => (start is null || MaxTime >= start) && (end is null || MinTime < end);
}

/// <summary>A segment that has lines.</summary>
/// <param name="Zones">Of its lines as they came, where they have no index on their time yet.</param>
internal sealed record StoredSegment(int Id, bool IsSealed, LogBounds Bounds, long Lines, IReadOnlyList<LogBounds> Zones)
{
    public string Table => LogSegment.Table(Id);
}

/// <summary>The segments at a moment.</summary>
/// <param name="Visible">The newest id that can be seen; whatever is before it can be seen too.</param>
/// <param name="Drawn">The newest id that was ever drawn.</param>
internal sealed record LogSegments(IReadOnlyList<StoredSegment> Stored, long Visible, long Drawn)
{
    public long Lines => Stored.Sum(segment => segment.Lines);
}

/// <summary>Knows where lines are.</summary>
internal sealed class LogCatalogue([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    public async Task<LogSegments> ReadAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            SELECT (SELECT last_value FROM log_lines_id_seq), id, state = 'sealed', min_id, max_id, min_time, max_time,
                   (SELECT sum(n) FROM unnest(lines) n)::bigint, zone_ids, zone_min, zone_max
              FROM (SELECT 1) always LEFT JOIN log_segments ON project_id = $1 AND state <> 'expired' AND max_id IS NOT NULL
            """);
        command.Parameters.Add(new() { Value = Project.Default });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (stored, drawn) = (new List<StoredSegment>(), 0L);
        while (await reader.ReadAsync(ct))
        {
            drawn = reader.GetInt64(0);
            if (!await reader.IsDBNullAsync(1, ct))
            {
                stored.Add(Segment(reader));
            }
        }

        return new(stored, stored.Count == 0 ? 0 : stored.Max(segment => segment.Bounds.MaxId), drawn);
    }

    private static StoredSegment Segment(NpgsqlDataReader reader)
    {
        var bounds = new LogBounds(reader.GetInt64(3), reader.GetInt64(4), reader.GetDateTime(5), reader.GetDateTime(6));
        var (ids, from, to) = (reader.GetFieldValue<long[]>(8), reader.GetFieldValue<DateTime[]>(9), reader.GetFieldValue<DateTime[]>(10));
        var zones = ids.Select((id, at) => new LogBounds(id, at + 1 < ids.Length ? ids[at + 1] - 1 : bounds.MaxId, from[at], to[at]));
        return new(reader.GetInt32(1), reader.GetBoolean(2), bounds, reader.GetInt64(7), [.. zones]);
    }
}
