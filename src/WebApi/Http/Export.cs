using System.Text.Json;
using Bayou.Access;

namespace Bayou.Http;

/// <summary>Rows as a file, NDJSON or CSV, each written as it is read: nothing is held.</summary>
/// <param name="needed">That whoever reads it still has, however long it takes.</param>
internal sealed class Export(HttpContext http, bool isCsv, Callers callers, Permission needed)
{
    private const int RowsBetweenLooks = 1_000;

    private int _rows;

    /// <summary>What each export takes beside its filters.</summary>
    public static IReadOnlyList<(string Name, string Meaning)> Parameters { get; } = [("format", "ndjson or csv.")];

    /// <summary>Reads which of the two is asked for.</summary>
    public static bool IsCsv(QueryReader query) => query.Choice("format", "ndjson", "csv") == "csv";

    /// <param name="name">Of the file, without its extension.</param>
    /// <param name="columns">Of CSV.</param>
    public async Task BeginAsync(string name, IEnumerable<string> columns, CancellationToken ct)
    {
        http.Response.ContentType = isCsv ? "text/csv; charset=utf-8" : "application/x-ndjson; charset=utf-8";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}.{(isCsv ? "csv" : "ndjson")}\"";
        if (isCsv)
        {
            await http.Response.WriteAsync(Csv.Record(columns), ct);
        }
    }

    /// <param name="fields">Of CSV.</param>
    /// <exception cref="OperationCanceledException">The reader was put out. The file is cut off, so that nobody takes it for whole.</exception>
    public async Task AddAsync<T>(T row, Func<T, IEnumerable<string>> fields, CancellationToken ct)
    {
        if (_rows++ % RowsBetweenLooks == 0 && !await callers.StillMayAsync(http, needed, ct))
        {
            http.Abort();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        }

        if (isCsv)
        {
            await http.Response.WriteAsync(Csv.Record(fields(row)), ct);
            return;
        }

        await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(row, Json.Options), ct);
        await http.Response.Body.WriteAsync("\n"u8.ToArray(), ct);
    }
}
