using Npgsql;

namespace Bayou.Logs;

/// <summary>A segment that has lines.</summary>
internal sealed record StoredSegment(int Id, bool IsSealed, long MinId, long MaxId, DateTime MinTime, DateTime MaxTime, long Lines)
{
    public string Table => LogSegment.Table(Id);

    public bool Overlaps(DateTime? start, DateTime? end) => (start is null || MaxTime >= start) && (end is null || MinTime < end);
}

/// <summary>The segments at a moment.</summary>
/// <param name="Visible">The newest id that can be seen; whatever is before it can be seen too.</param>
/// <param name="Drawn">The newest id that was ever drawn.</param>
internal sealed record LogSegments(IReadOnlyList<StoredSegment> Stored, long Visible, long Drawn)
{
    public long Lines => Stored.Sum(segment => segment.Lines);
}

/// <summary>Knows where lines are.</summary>
internal sealed class LogCatalogue(NpgsqlDataSource db)
{
    public async Task<LogSegments> ReadAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            SELECT (SELECT last_value FROM log_lines_id_seq), id, state = 'sealed', min_id, max_id, min_time, max_time, (SELECT sum(n) FROM unnest(lines) n)::bigint
              FROM (SELECT 1) always LEFT JOIN log_segments ON state <> 'expired' AND max_id IS NOT NULL
            """);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (stored, drawn) = (new List<StoredSegment>(), 0L);
        while (await reader.ReadAsync(ct))
        {
            drawn = reader.GetInt64(0);
            if (!await reader.IsDBNullAsync(1, ct))
            {
                stored.Add(new(reader.GetInt32(1), reader.GetBoolean(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetDateTime(5), reader.GetDateTime(6), reader.GetInt64(7)));
            }
        }

        return new(stored, stored.Count == 0 ? 0 : stored.Max(segment => segment.MaxId), drawn);
    }
}
