using Bayou.Http;
using Npgsql;

namespace Bayou.Segments;

/// <summary>Reads rows from segments, only from as many as it must.</summary>
/// <param name="columns">What <see cref="Read"/> needs, in SQL.</param>
internal abstract class SegmentReader<TRow>(NpgsqlDataSource db, string columns)
    where TRow : class, ISegmentRow
{
    protected NpgsqlDataSource Db => db;

    private const int ProbedParts = 4;
    private const int ProbedRows = 2_000;
    private const int HotZones = 3; // of both that are hot the newest, and the one before

    /// <summary>The first rows in an order.</summary>
    public async Task<List<TRow>> FirstAsync(IEnumerable<StoredSegment> segments, FilterSql filter, SegmentOrder order, int count, CancellationToken ct)
    {
        var queue = segments.ToList();
        queue.Sort((a, b) => order.Bounds(a.Bounds, b.Bounds));
        if (!filter.IsSelective && order.IsByTime && queue is [{ IsSealed: false }, ..]
            && await ZonesAsync(PartsOf(queue, order), filter, order, count, ct) is { } first)
        {
            return first;
        }

        var rows = new List<TRow>();
        var (size, isProbed) = (StatementTables.First, false);
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

            // Never read sealed and unsealed segments together: how many sealed ones are needed is known only after the unsealed ones are read.
            var group = queue.Skip(at).Take(size).TakeWhile(segment => segment.IsSealed == queue[at].IsSealed).ToList();
            rows = First(rows, await ReadAsync(Union(group.Select(segment => Select(segment, "true", filter, order, count)), order, count), filter, ct),
                order, count);
            at += group.Count;
            size = StatementTables.After(size);
        }

        return rows;
    }

    /// <summary>Looks for them in the very first zones, for what nearly every row fits.</summary>
    /// <returns>Null when that is not enough.</returns>
    private async Task<List<TRow>?> ZonesAsync(List<Part> parts, FilterSql filter, SegmentOrder order, int count, CancellationToken ct)
    {
        var zones = parts.TakeWhile(part => !part.Segment.IsSealed).Take(HotZones + (count / ProbedRows)).ToList();
        if (zones.Count == 0)
        {
            return null; // A sealed one may have a row of the same time.
        }

        var tables = zones.GroupBy(zone => zone.Segment).Select(part => Select(part.Key, Ids(part), filter, order, count));
        var rows = await ReadAsync(Union(tables, order, count), filter, ct);
        return parts.Count == zones.Count ? rows : IfComplete(rows, parts, zones.Count, order, count);
    }

    /// <summary>
    /// Looks for them among the very first rows only. What most rows have is found there at once, whatever the planner believes of it; what is rare
    /// costs little more.
    /// </summary>
    /// <param name="known">Those of segments that were read before.</param>
    /// <returns>Null when that is not enough.</returns>
    private async Task<List<TRow>?> ProbeAsync(List<Part> parts, List<TRow> known, FilterSql filter, SegmentOrder order, int count, CancellationToken ct)
    {
        var most = Math.Max(ProbedRows, count);
        var first = parts.Take(ProbedParts).GroupBy(part => part.Segment)
            .Select(part => $"(SELECT * FROM {part.Key.Table} WHERE {Ids(part)} AND {filter.Bounds} ORDER BY {order.Sql} LIMIT {most})");
        var rows = await ReadAsync(
            $"SELECT {columns} FROM ({Union(first, order, most)}) probed WHERE {filter.Where} ORDER BY {order.Sql} LIMIT {count}", filter, ct);

        // With fewer rows than asked for, a known row might sort after the probed ones, and an unread row between them.
        return rows.Count == count ? IfComplete(First(known, rows, order, count), parts, ProbedParts, order, count) : null;
    }

    /// <summary>The rows that were found in the first parts, if no other can have one that comes before the last of them.</summary>
    private static List<TRow>? IfComplete(List<TRow> rows, List<Part> parts, int read, SegmentOrder order, int count) =>
        rows.Count == count && (parts.Count <= read || !order.MayPrecede(parts[read].Bounds, rows[count - 1])) ? rows : null;

    private static List<TRow> First(List<TRow> some, List<TRow> others, SegmentOrder order, int count)
    {
        List<TRow> rows = [.. some, .. others];
        rows.Sort(order.Rows);
        return rows.Count > count ? rows[..count] : rows;
    }

    private static List<Part> PartsOf(IEnumerable<StoredSegment> segments, SegmentOrder order)
    {
        var parts = segments.SelectMany(segment => segment.Zones.DefaultIfEmpty(segment.Bounds).Select(bounds => new Part(segment, bounds))).ToList();
        parts.Sort((a, b) => order.Bounds(a.Bounds, b.Bounds));
        return parts;
    }

    private string Select(StoredSegment segment, string condition, FilterSql filter, SegmentOrder order, int count) =>
        $"(SELECT {columns} FROM {segment.Table} WHERE {condition} AND {filter.Where} ORDER BY {order.Sql} LIMIT {count})";

    /// <summary>Zones of one segment are read in one go: it has no index to find them by.</summary>
    private static string Ids(IGrouping<StoredSegment, Part> zones) => zones.Key.IsSealed
        ? "true"
        : $"id BETWEEN {zones.Min(zone => zone.Bounds.MinId)} AND {zones.Max(zone => zone.Bounds.MaxId)}";

    /// <summary>The row at which the reader is.</summary>
    protected abstract TRow Read(NpgsqlDataReader reader);

    protected async Task<List<TRow>> ReadAsync(string sql, FilterSql filter, CancellationToken ct)
    {
        await using var command = db.CreateCommand(sql);
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<TRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(Read(reader));
        }

        return rows;
    }

    private static string Union(IEnumerable<string> parts, SegmentOrder order, int count) =>
        parts.ToList() is [var only] ? only : $"{string.Join("\nUNION ALL\n", parts)}\nORDER BY {order.Sql} LIMIT {count}";

    /// <summary>A segment, or one of its zones.</summary>
    private sealed record Part(StoredSegment Segment, SegmentBounds Bounds);
}
