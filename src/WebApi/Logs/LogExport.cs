using System.Text;
using Bayou.Access;
using Bayou.Http;
using Bayou.Segments;

namespace Bayou.Logs;

/// <summary><c>GET /logs/export</c>: all lines that the filters select, the last to arrive first, as they are read: nothing is held.</summary>
internal sealed class LogExport(SegmentCatalogue<LogSegments> catalogue, LogLines lines, LogFilter filter, Callers callers)
{
    private const int Page = 1_000;

    public static QuerySpec Spec { get; } = LogFilter.Spec([.. Export.Parameters, ("limit", "Most lines; all unless told.")]);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = filter.Reader(http, Spec);
        var selection = filter.Read(query);
        var export = new Export(http, Export.IsCsv(query), callers, Permission.Read);
        var left = query.Integer("limit", 1, long.MaxValue) ?? long.MaxValue;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var segments = await catalogue.ReadAsync(ct);
        selection = await filter.MatchingAsync(selection, segments, ct);
        await export.BeginAsync(
            "logs", ["id", "created_at", "level", "source", "service", "message", "pattern_id", "trace_id", "meta", "ingested_at"], ct);
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
                await export.AddAsync(row, FieldsOf, ct);
            }

            if (rows.Count < count)
            {
                break;
            }

            (left, next) = (left - rows.Count, rows[^1].Id - 1);
        }

        return Results.Empty;
    }

    private static string[] FieldsOf(LogRow row) =>
    [
        $"{row.Id}", Times.Format(row.CreatedAt), LogLevels.NameOf(row.Level), row.Source, row.Service ?? "", row.Message, $"{row.PatternId}",
        row.TraceId ?? "", row.Meta is { } meta ? Encoding.UTF8.GetString(meta.Utf8.Span) : "", Times.Format(row.IngestedAt),
    ];
}
