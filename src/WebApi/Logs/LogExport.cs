using System.Text;
using System.Text.Json;
using Bayou.Http;
using Bayou.Segments;

namespace Bayou.Logs;

/// <summary><c>GET /logs/export</c>: all lines that the filters select, the last to arrive first, as they are read: nothing is held.</summary>
internal sealed class LogExport(SegmentCatalogue<LogSegments> catalogue, LogLines lines, LogFilter filter)
{
    private const int Page = 1_000;

    public QuerySpec Spec { get; } = filter.Spec(("format", "ndjson or csv."), ("limit", "Most lines; all unless told."));

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var selection = filter.Read(query);
        var isCsv = query.Choice("format", "ndjson", "csv") == "csv";
        var left = query.Integer("limit", 1, long.MaxValue) ?? long.MaxValue;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var segments = await catalogue.ReadAsync(ct);
        selection = await filter.MatchingAsync(selection, segments, ct);
        http.Response.ContentType = isCsv ? "text/csv; charset=utf-8" : "application/x-ndjson; charset=utf-8";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"logs.{(isCsv ? "csv" : "ndjson")}\"";
        if (isCsv)
        {
            await http.Response.WriteAsync(
                Csv.Record("id", "created_at", "level", "source", "service", "message", "pattern_id", "trace_id", "meta", "ingested_at"), ct);
        }

        var next = segments.Visible;
        while (left > 0)
        {
            // Anew for each page: segments come and go while a long export is read.
            segments = await catalogue.ReadAsync(ct);
            var sql = selection.InRange();
            sql.Bound($"id <= {next}");
            var count = (int)Math.Min(left, Page);
            var rows = await lines.FirstAsync(selection.Of(segments).Where(s => s.Bounds.MinId <= next), sql, SegmentOrder.IdDescending, count, ct);
            foreach (var row in rows)
            {
                if (isCsv)
                {
                    await http.Response.WriteAsync(RecordOf(row), ct);
                }
                else
                {
                    await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(row, Json.Options), ct);
                    await http.Response.Body.WriteAsync("\n"u8.ToArray(), ct);
                }
            }

            if (rows.Count < count)
            {
                break;
            }

            (left, next) = (left - rows.Count, rows[^1].Id - 1);
        }

        return Results.Empty;
    }

    private static string RecordOf(LogRow row) => Csv.Record(
        $"{row.Id}", Times.Format(row.CreatedAt), LogLevels.NameOf(row.Level), row.Source, row.Service ?? "", row.Message, $"{row.PatternId}", row.TraceId
            ?? "",
        row.Meta is { } meta ? Encoding.UTF8.GetString(meta.Utf8.Span) : "", Times.Format(row.IngestedAt));
}
