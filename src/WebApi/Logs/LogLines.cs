using Bayou.Database;
using Bayou.Http;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Reads lines from the segments, only from as many as it must.</summary>
internal sealed class LogLines([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, PatternRegistry patterns)
{
    private const int ProbedParts = 4;
    private const int ProbedLines = 2_000; // milliseconds
    private const int HotZones = 3; // of both that are hot the newest, and the one before
    private const int FirstGroup = 3; // both that are hot, and the one that was last closed
    private const int LargestGroup = 32; // a query of many parts takes long to plan

    /// <summary>The first lines in an order.</summary>
    public async Task<List<LogRow>> FirstAsync(IEnumerable<StoredSegment> segments, FilterSql filter, LogOrder order, int count, CancellationToken ct)
    {
        var queue = segments.ToList();
        queue.Sort((a, b) => order.Bounds(a.Bounds, b.Bounds));
        if (!filter.IsSelective && order.IsByTime && queue is [{ IsSealed: false }, ..] && await ZonesAsync(PartsOf(queue, order), filter, order, count, ct) is { } first)
        {
            return first;
        }

        var rows = new List<LogRow>();
        var (size, isProbed) = (FirstGroup, false);
        for (var at = 0; at < queue.Count && (rows.Count < count || order.MayPrecede(queue[at].Bounds, rows[count - 1]));)
        {
            if (queue[at].IsSealed && !isProbed)
            {
                isProbed = true;
                if (await ProbeAsync(PartsOf(queue[at..], order), rows, filter, order, count, ct) is { } found)
                {
                    return found;
                }
            }

            // Never both kinds at once: how far the sealed ones must be read is seen only when the others are.
            var group = queue.Skip(at).Take(size).TakeWhile(segment => segment.IsSealed == queue[at].IsSealed).ToList();
            rows = First(rows, await ReadAsync(Union(group.Select(segment => Select(segment, "true", filter, order, count)), order, count), filter, ct), order, count);
            at += group.Count;
            size = Math.Min(size * 3, LargestGroup);
        }

        return rows;
    }

    /// <summary>Looks for them in the very first zones, for what nearly every line fits.</summary>
    /// <returns>Null when that is not enough.</returns>
    private async Task<List<LogRow>?> ZonesAsync(List<Part> parts, FilterSql filter, LogOrder order, int count, CancellationToken ct)
    {
        var zones = parts.TakeWhile(part => !part.Segment.IsSealed).Take(HotZones + (count / ProbedLines)).ToList();
        if (zones.Count == 0)
        {
            return null; // A sealed one may have a line of the same time.
        }

        var tables = zones.GroupBy(zone => zone.Segment).Select(part => Select(part.Key, Ids(part), filter, order, count));
        var rows = await ReadAsync(Union(tables, order, count), filter, ct);
        return parts.Count == zones.Count ? rows : Whole(rows, parts, zones.Count, order, count);
    }

    /// <summary>
    /// Looks for them among the very first lines only. What most lines have is found there at once, whatever the planner believes of it; what is rare
    /// costs little more.
    /// </summary>
    /// <param name="known">Those of segments that were read before.</param>
    /// <returns>Null when that is not enough.</returns>
    private async Task<List<LogRow>?> ProbeAsync(List<Part> parts, List<LogRow> known, FilterSql filter, LogOrder order, int count, CancellationToken ct)
    {
        var lines = Math.Max(ProbedLines, count);
        var first = parts.Take(ProbedParts).GroupBy(part => part.Segment)
            .Select(part => $"(SELECT * FROM {part.Key.Table} WHERE {Ids(part)} AND {filter.Bounds} ORDER BY {order.Sql} LIMIT {lines})");
        var rows = await ReadAsync(
            $"SELECT {LogRow.Columns} FROM ({Union(first, order, lines)}) probed WHERE {filter.Where} ORDER BY {order.Sql} LIMIT {count}", filter, ct);

        // With fewer, one that is known might be behind those lines, and another between.
        return rows.Count == count ? Whole(First(known, rows, order, count), parts, ProbedParts, order, count) : null;
    }

    /// <summary>The lines that were found in the first parts, if no other can have one that comes before the last of them.</summary>
    private static List<LogRow>? Whole(List<LogRow> rows, List<Part> parts, int read, LogOrder order, int count) =>
        rows.Count == count && (parts.Count <= read || !order.MayPrecede(parts[read].Bounds, rows[count - 1])) ? rows : null;

    private static List<LogRow> First(List<LogRow> some, List<LogRow> others, LogOrder order, int count)
    {
        List<LogRow> rows = [.. some, .. others];
        rows.Sort(order.Lines);
        return rows.Count > count ? rows[..count] : rows;
    }

    private static List<Part> PartsOf(IEnumerable<StoredSegment> segments, LogOrder order)
    {
        var parts = segments.SelectMany(segment => segment.Zones.DefaultIfEmpty(segment.Bounds).Select(bounds => new Part(segment, bounds))).ToList();
        parts.Sort((a, b) => order.Bounds(a.Bounds, b.Bounds));
        return parts;
    }

    private static string Select(StoredSegment segment, string condition, FilterSql filter, LogOrder order, int count) =>
        $"(SELECT {LogRow.Columns} FROM {segment.Table} WHERE {condition} AND {filter.Where} ORDER BY {order.Sql} LIMIT {count})";

    /// <summary>Zones of one segment are read in one go: it has no index to find them by.</summary>
    private static string Ids(IGrouping<StoredSegment, Part> zones) => zones.Key.IsSealed
        ? "true"
        : $"id BETWEEN {zones.Min(zone => zone.Bounds.MinId)} AND {zones.Max(zone => zone.Bounds.MaxId)}";

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

    /// <summary>A segment, or one of its zones.</summary>
    private sealed record Part(StoredSegment Segment, LogBounds Bounds);
}
