using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Traces;

/// <summary>Reads spans.</summary>
internal sealed class Spans([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db) : SegmentReader<SpanRow>(db, SpanRow.Columns)
{
    private const long MostBytes = 64_000_000; // of what is long in the spans of a trace

    /// <summary>The spans of a trace, the earliest first.</summary>
    /// <returns>Also whether there are more.</returns>
    public async Task<(List<SpanRow> Spans, bool HasMore)> OfTraceAsync(
        IEnumerable<StoredSegment> segments, Guid trace, int most, CancellationToken ct)
    {
        var (spans, isCut, bytes) = (new List<SpanRow>(), false, 0L);
        foreach (var tables in segments.Select(segment => segment.Table).Chunk(StatementTables.Most))
        {
            var selects = tables.Select(table => $"SELECT * FROM {table} WHERE trace_id = $1");
            await using var command = Db.CreateCommand(
                $"SELECT {SpanRow.Columns} FROM ({string.Join("\nUNION ALL\n", selects)}) spans ORDER BY created_at, id LIMIT {most + 1}");
            command.With(trace);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var span = SpanRow.Read(reader);
                bytes += span.Length;
                if (bytes > MostBytes)
                {
                    isCut = true;
                    break;
                }

                spans.Add(span);
            }

            spans.Sort((a, b) => (a.Timestamp, a.Id).CompareTo((b.Timestamp, b.Id)));
            isCut |= spans.Count > most;
            spans.RemoveRange(Math.Min(most, spans.Count), Math.Max(0, spans.Count - most));
        }

        return (spans, isCut);
    }

    protected override SpanRow Read(NpgsqlDataReader reader) => SpanRow.Read(reader);
}

/// <summary>Reads spans without what is long in them.</summary>
internal sealed class ShortSpans([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db) : SegmentReader<SpanRow>(db, SpanRow.ShortColumns)
{
    protected override SpanRow Read(NpgsqlDataReader reader) => SpanRow.Read(reader);
}
