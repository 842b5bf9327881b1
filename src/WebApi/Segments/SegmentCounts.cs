using Bayou.Http;
using Npgsql;

namespace Bayou.Segments;

/// <summary>
/// Rows counted over time: from the counts of sealed segments where these can tell, else from the rows. Both are exact; the ends of a range, where they are
/// within a minute, are read from the rows too.
/// </summary>
/// <param name="selected">What is asked for, without the range.</param>
/// <param name="canTell">Whether it can be told from counts.</param>
internal sealed class SegmentCounts(NpgsqlDataSource db, SegmentKind kind, FilterSql selected, bool canTell, StoredSegments segments)
{
    /// <summary>Queries groups of tables one after the other and passes on every result row; the sums over all groups make up the total.</summary>
    /// <param name="begin">Where the first bucket begins.</param>
    /// <param name="width">Of a bucket; null for one bucket of all.</param>
    /// <param name="keys">Columns that are counted apart.</param>
    /// <param name="columns">What is asked, of <c>bucket, first_time, last_time, lines</c> and the keys, in as many rows as it takes.</param>
    public async Task ReadAsync(SegmentWindow window, DateTime begin, TimeSpan? width, string[] keys, string columns, string groups,
        Action<NpgsqlDataReader> take, CancellationToken ct)
    {
        var sql = selected.Copy();
        foreach (var table in Tables(sql, window, begin, width, keys).Chunk(StatementTables.Most))
        {
            await using var command = db.CreateCommand($"SELECT {columns} FROM ({string.Join("\nUNION ALL\n", table)}) counts GROUP BY {groups}");
            sql.Bind(command.Parameters);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                take(reader);
            }
        }
    }

    private List<string> Tables(FilterSql sql, SegmentWindow window, DateTime begin, TimeSpan? width, string[] keys)
    {
        var origin = sql.Parameter(begin);
        var step = width is { } bucket ? sql.Parameter(bucket) : null;
        var where = sql.Where;
        var columns = string.Concat(keys.Select(key => $", {key}"));
        var inner = window.WholeMinutes;
        var isTold = canTell && inner is not null && (width is null || width.Value.Ticks % TimeSpan.TicksPerMinute == 0);
        var parts = new List<string>();
        foreach (var segment in segments.Stored)
        {
            if (!isTold || !segment.IsSealed)
            {
                Scan(segment, window);
                continue;
            }

            Scan(segment, new(window.Start, inner!.Start));
            Scan(segment, new(inner.End, window.End));
        }

        if (isTold)
        {
            var told = sql.Parameter(segments.Stored.Where(segment => segment.IsSealed && segment.Bounds.Overlaps(inner!.Start, inner.End))
                .Select(segment => segment.Id).ToArray());
            parts.Add($"""
                SELECT {Bin("minute")} AS bucket, first_time, last_time, lines::bigint{columns} FROM {kind.Counts}
                 WHERE segment_id = ANY ({told}) AND minute >= {sql.Parameter(inner!.Start)} AND minute < {sql.Parameter(inner.End)} AND {where}
                """);
        }

        return parts;

        string Bin(string time) => step is null ? origin : $"date_bin({step}, {time}, {origin})";

        void Scan(StoredSegment segment, SegmentWindow range)
        {
            if (range.Start < range.End && segment.Bounds.Overlaps(range.Start, range.End))
            {
                parts.Add($"""
                    SELECT {Bin("created_at")} AS bucket, min(created_at) AS first_time, max(created_at) AS last_time, count(*) AS lines{columns}
                      FROM {segment.Table}
                     WHERE created_at >= {sql.Parameter(range.Start)} AND created_at < {sql.Parameter(range.End)} AND {where}
                     GROUP BY 1{columns}
                    """);
            }
        }
    }
}
