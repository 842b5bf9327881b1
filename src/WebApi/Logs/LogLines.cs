using Bayou.Http;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Reads lines from the segments, only from as many as it must.</summary>
internal sealed class LogLines(NpgsqlDataSource db, PatternRegistry patterns)
{
    private const int FirstGroup = 3; // both that are hot, and the one before
    private const int LargestGroup = 32; // a query of many parts takes long to plan

    /// <summary>The first lines in an order.</summary>
    public async Task<List<LogRow>> FirstAsync(IEnumerable<StoredSegment> segments, FilterSql filter, LogOrder order, int count, CancellationToken ct)
    {
        var queue = segments.ToList();
        queue.Sort(order.Segments);
        var rows = new List<LogRow>();
        var size = FirstGroup;
        for (var at = 0; at < queue.Count; at += size, size = Math.Min(size * 3, LargestGroup))
        {
            if (rows.Count >= count && !order.MayPrecede(queue[at], rows[count - 1]))
            {
                break;
            }

            rows.AddRange(await GroupAsync(queue[at..Math.Min(at + size, queue.Count)], filter, order, count, ct));
            rows.Sort(order.Lines);
            rows = rows.Count > count ? rows[..count] : rows;
        }

        return rows;
    }

    /// <summary>Runs a query that gives whole lines.</summary>
    public async Task<List<LogRow>> ReadAsync(string sql, FilterSql filter, CancellationToken ct)
    {
        await using var command = db.CreateCommand(sql);
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<LogRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(LogRow.Read(reader, patterns.Book));
        }

        return rows;
    }

    private Task<List<LogRow>> GroupAsync(List<StoredSegment> segments, FilterSql filter, LogOrder order, int count, CancellationToken ct)
    {
        // Only what is given is looked up: the text of lines that others precede is never read.
        var parts = segments.Select(segment => $"(SELECT {LogRow.Columns} FROM {segment.Table} WHERE {filter.Where} ORDER BY {order.Sql} LIMIT {count})");
        return ReadAsync(segments.Count == 1 ? parts.Single() : $"{string.Join("\nUNION ALL\n", parts)}\nORDER BY {order.Sql} LIMIT {count}", filter, ct);
    }
}
