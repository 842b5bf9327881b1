using Bayou.Database;
using Bayou.Projects;
using Npgsql;

namespace Bayou.Segments;

/// <summary>Between which ids and times rows lie, the ends included.</summary>
internal readonly record struct SegmentBounds(long MinId, long MaxId, DateTime MinTime, DateTime MaxTime)
{
    public bool Overlaps(DateTime? start, DateTime? end) => (start is null || MaxTime >= start) && (end is null || MinTime < end);
}

/// <summary>A segment that has rows.</summary>
/// <param name="Zones">Bounds of successive runs of its rows, in arrival order, while the rows have no index on time.</param>
internal sealed record StoredSegment(int Id, string Table, bool IsSealed, SegmentBounds Bounds, long Rows, IReadOnlyList<SegmentBounds> Zones);

/// <summary>The segments at a moment.</summary>
/// <param name="Visible">The newest id that can be seen; whatever is before it can be seen too.</param>
/// <param name="Drawn">The newest id that was ever drawn.</param>
internal sealed record StoredSegments(IReadOnlyList<StoredSegment> Stored, long Visible, long Drawn)
{
    public long Rows => Stored.Sum(segment => segment.Rows);
}

/// <summary>Knows where a project's rows of a kind are.</summary>
internal sealed class SegmentCatalogue<TKind>(TKind kind, CurrentProject project, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
    where TKind : SegmentKind
{
    public TKind Kind => kind;

    public async Task<StoredSegments> ReadAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT (SELECT last_value FROM {kind.Sequence}), id, state = 'sealed', min_id, max_id, min_time, max_time,
                   (SELECT sum(n) FROM unnest(lines) n)::bigint, zone_ids, zone_min, zone_max
              FROM (SELECT 1) always LEFT JOIN {kind.Catalogue} ON project_id = $1 AND state <> 'expired' AND max_id IS NOT NULL
            """);
        command.With(project.Id);
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

    private StoredSegment Segment(NpgsqlDataReader reader)
    {
        var bounds = new SegmentBounds(reader.GetInt64(3), reader.GetInt64(4), reader.GetDateTime(5), reader.GetDateTime(6));
        var (ids, from, to) = (reader.GetFieldValue<long[]>(8), reader.GetFieldValue<DateTime[]>(9), reader.GetFieldValue<DateTime[]>(10));
        var zones = ids.Select((id, at) => new SegmentBounds(id, at + 1 < ids.Length ? ids[at + 1] - 1 : bounds.MaxId, from[at], to[at]));
        return new(reader.GetInt32(1), kind.Table(reader.GetInt32(1)), reader.GetBoolean(2), bounds, reader.GetInt64(7), [.. zones]);
    }
}
