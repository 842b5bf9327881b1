using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Traces;

/// <summary>Reads spans.</summary>
internal sealed class Spans([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db) : SegmentReader<SpanRow>(db, SpanRow.Columns)
{
    /// <summary>The spans of a trace, the earliest first.</summary>
    public async Task<List<SpanRow>> OfTraceAsync(IEnumerable<StoredSegment> segments, Guid trace, int most, CancellationToken ct)
    {
        var rows = new List<SpanRow>();
        foreach (var tables in segments.Select(segment => segment.Table).Chunk(StatementTables.Most))
        {
            var sql = new FilterSql();
            sql.Add($"trace_id = {trace}");
            var selects = tables.Select(table => $"(SELECT {SpanRow.Columns} FROM {table} WHERE {sql.Where} ORDER BY created_at, id LIMIT {most})");
            rows.AddRange(await ReadAsync(string.Join("\nUNION ALL\n", selects), sql, ct));
        }

        rows.Sort((a, b) => (a.Timestamp, a.Id).CompareTo((b.Timestamp, b.Id)));
        return rows.Count > most ? rows[..most] : rows;
    }

    protected override SpanRow Read(NpgsqlDataReader reader) => SpanRow.Read(reader);
}

/// <summary>Reads spans without what is long in them.</summary>
internal sealed class ShortSpans([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db) : SegmentReader<SpanRow>(db, SpanRow.ShortColumns)
{
    protected override SpanRow Read(NpgsqlDataReader reader) => SpanRow.Read(reader);
}
