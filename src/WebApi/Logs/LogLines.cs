using Bayou.Http;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Reads lines from the segments, only from as many as it must.</summary>
internal sealed class LogLines(NpgsqlDataSource db, PatternRegistry patterns)
{
    private const int ProbedParts = 4;
    private const int ProbedLines = 2_000; // milliseconds
    private const int FirstGroup = 3; // both that are hot, and the one before
    private const int LargestGroup = 32; // a query of many parts takes long to plan

    /// <summary>The first lines in an order.</summary>
    public async Task<List<LogRow>> FirstAsync(IEnumerable<StoredSegment> segments, FilterSql filter, LogOrder order, int count, CancellationToken ct)
    {
        var queue = segments.ToList();
        if (await ProbeAsync(queue, filter, order, count, ct) is { } probed)
        {
            return probed;
        }

        queue.Sort((a, b) => order.Bounds(a.Bounds, b.Bounds));
        var rows = new List<LogRow>();
        var size = FirstGroup;
        for (var at = 0; at < queue.Count; at += size, size = Math.Min(size * 3, LargestGroup))
        {
            if (rows.Count >= count && !order.MayPrecede(queue[at].Bounds, rows[count - 1]))
            {
                break;
            }

            var parts = queue[at..Math.Min(at + size, queue.Count)]
                .Select(segment => $"(SELECT {LogRow.Columns} FROM {segment.Table} WHERE {filter.Where} ORDER BY {order.Sql} LIMIT {count})");
            rows.AddRange(await ReadAsync(Union(parts, order, count), filter, ct));
            rows.Sort(order.Lines);
            rows = rows.Count > count ? rows[..count] : rows;
        }

        return rows;
    }

    /// <summary>
    /// Looks for them among the very first lines only. What most lines have is found there at once, whatever the planner believes of it; what is rare
    /// costs little more.
    /// </summary>
    /// <returns>Null when there are too few.</returns>
    private async Task<List<LogRow>?> ProbeAsync(List<StoredSegment> segments, FilterSql filter, LogOrder order, int count, CancellationToken ct)
    {
        var parts = segments.SelectMany(Parts).ToList();
        if (parts.Count == 0)
        {
            return [];
        }

        parts.Sort((a, b) => order.Bounds(a.Bounds, b.Bounds));
        var lines = Math.Max(ProbedLines, count);
        var first = parts.Take(ProbedParts)
            .Select(part => $"(SELECT * FROM {part.Table} WHERE {part.Condition} AND {filter.Bounds} ORDER BY {order.Sql} LIMIT {lines})");
        var rows = await ReadAsync(
            $"SELECT {LogRow.Columns} FROM ({Union(first, order, lines)}) probed WHERE {filter.Where} ORDER BY {order.Sql} LIMIT {count}", filter, ct);
        var isAll = parts.Count <= ProbedParts || (rows.Count == count && !order.MayPrecede(parts[ProbedParts].Bounds, rows[count - 1]));
        return rows.Count == count && isAll ? rows : null;
    }

    private static IEnumerable<(string Table, string Condition, LogBounds Bounds)> Parts(StoredSegment segment) => segment.Zones.Count == 0
        ? [(segment.Table, "true", segment.Bounds)]
        : segment.Zones.Select(zone => (segment.Table, $"id BETWEEN {zone.MinId} AND {zone.MaxId}", zone));

    private async Task<List<LogRow>> ReadAsync(string sql, FilterSql filter, CancellationToken ct)
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

    private static string Union(IEnumerable<string> parts, LogOrder order, int count) =>
        parts.ToList() is [var only] ? only : $"{string.Join("\nUNION ALL\n", parts)}\nORDER BY {order.Sql} LIMIT {count}";
}
