using Bayou.Http;
using Bayou.Ingest;
using Npgsql;

namespace Bayou.Metrics;

/// <summary><c>GET /metrics</c>: 60-second windows, newest first, or after a cursor.</summary>
internal sealed class MetricsList(NpgsqlDataSource db)
{
    private const string From = """
          FROM metric_windows w
          JOIN series s ON s.id = w.series_id
          JOIN projects p ON p.id = s.project_id
        """;

    public static QuerySpec Spec { get; } = new(
        [.. ListQuery.Parameters, ("start_date", "Windows that start at or after this time."), ("end_date", "Windows that start before this time.")],
        [
            new("id", "w.id", FieldType.Whole), new("project", "p.name", FieldType.Text),
            new("service", "s.service", FieldType.Text), new("endpoint", "s.endpoint", FieldType.Text),
            new("window_start", "w.window_start", FieldType.Time), new("window_end", "(w.window_start + interval '60 s')", FieldType.Time),
            new("p50_latency", "w.p50", FieldType.Number), new("p95_latency", "w.p95", FieldType.Number), new("p99_latency", "w.p99", FieldType.Number),
            new("avg_latency", "(w.duration_sum / 1000.0 / w.traffic_count)", FieldType.Number),
            new("max_latency", "(w.duration_max / 1000.0)", FieldType.Number),
            new("error_rate", "(w.status_5xx::float8 / w.traffic_count)", FieldType.Number),
            new("traffic_count", "w.traffic_count", FieldType.Whole),
            .. Enumerable.Range(1, 5).Select(n => new FilterField($"status_{n}xx", $"w.status_{n}xx", FieldType.Whole)),
            new("request_size", "w.request_size", FieldType.Whole), new("response_size", "w.response_size", FieldType.Whole),
            new("created_at", "w.created_at", FieldType.Time), new("updated_at", "w.updated_at", FieldType.Time),
        ]);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = new FilterSql();
        filter.Add($"s.project_id = {IngestService.DefaultProject}");
        var list = new ListQuery(query, Spec, filter, "w.window_start DESC, s.endpoint, s.service", "s.service || ' ' || s.endpoint");
        if (query.Time("start_date") is { } start)
        {
            filter.Add($"w.window_start >= {start.UtcDateTime}");
        }

        if (query.Time("end_date") is { } end)
        {
            filter.Add($"w.window_start < {end.UtcDateTime}");
        }

        if (!query.Names("endpoint", SeriesName.WholeService))
        {
            filter.Add($"s.endpoint <> {SeriesName.WholeService}");
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        // Before the rows, in a snapshot of its own: ids up to here are all visible, so a poller that goes on
        // from it may see a row again but never miss one.
        var (newest, drawn) = await NewestIdAsync(ct);
        if (list.After is { } after)
        {
            var rows = await RowsAsync(list, filter, list.Limit + 1, ct);
            var hasMore = rows.Count > list.Limit;
            rows = hasMore ? rows[..list.Limit] : rows;
            var reset = after > drawn;
            return new ApiResult(rows, new CursorMetadata(list.Limit, reset ? newest : rows.Count > 0 ? rows[^1].Id : after, hasMore, reset));
        }

        var page = await RowsAsync(list, filter, list.Limit, ct);
        var total = await TotalAsync(filter, ct);
        return new ApiResult(page, new PageMetadata(
            list.Limit, list.Offset, Math.Min(total, PageMetadata.CountedUpTo), newest, total > PageMetadata.CountedUpTo));
    }

    private async Task<List<MetricWindow>> RowsAsync(ListQuery list, FilterSql filter, int limit, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT w.id, p.name, s.service, s.endpoint, w.window_start, w.created_at, w.updated_at, w.figures
            {From}
             WHERE {filter.Where}
             ORDER BY {list.OrderBy}
             LIMIT {limit} OFFSET {list.Offset}
            """);
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<MetricWindow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(WindowFigures.FromBytes(reader.GetFieldValue<byte[]>(7)), reader.GetString(3))
            {
                Id = reader.GetInt64(0),
                Project = reader.GetString(1),
                Service = reader.GetString(2),
                WindowStart = reader.GetDateTime(4),
                CreatedAt = reader.GetDateTime(5),
                UpdatedAt = reader.GetDateTime(6),
            });
        }

        return rows;
    }

    private async Task<long> TotalAsync(FilterSql filter, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            $"SELECT count(*) FROM (SELECT 1 {From} WHERE {filter.Where} LIMIT {PageMetadata.CountedUpTo + 1}) counted");
        filter.Bind(command.Parameters);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private async Task<(long Visible, long Drawn)> NewestIdAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            "SELECT coalesce((SELECT max(id) FROM metric_windows), 0), (SELECT last_value FROM metric_windows_id_seq)");
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
