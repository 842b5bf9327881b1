using Bayou.Database;
using Bayou.Http;
using Bayou.Requests;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>Reads 60-second windows as rows, for the list and the stream alike.</summary>
internal sealed class MetricWindows([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    private static readonly string From = $"""
          FROM metric_windows w
          JOIN series s ON s.id = w.series_id AND NOT (s.origin > 0 AND {BestOrigin.HasBetter("w")})
          JOIN projects p ON p.id = s.project_id
        """;

    public static IReadOnlyList<FilterField> Fields { get; } =
    [
        new("id", "w.id", FieldType.Integer), new("project", "p.name", FieldType.Text),
        new("service", "s.service", FieldType.Text), new("endpoint", "s.endpoint", FieldType.Text),
        new("window_start", "w.window_start", FieldType.Time), new("window_end", "(w.window_start + interval '60 s')", FieldType.Time),
        new("p50_latency", "w.p50", FieldType.Number), new("p95_latency", "w.p95", FieldType.Number), new("p99_latency", "w.p99", FieldType.Number),
        new("avg_latency", "(w.duration_sum / 1000.0 / w.traffic_count)", FieldType.Number),
        new("max_latency", "(w.duration_max / 1000.0)", FieldType.Number),
        new("error_rate", "(w.status_5xx::float8 / w.traffic_count)", FieldType.Number),
        new("traffic_count", "w.traffic_count", FieldType.Integer),
        .. Enumerable.Range(1, 5).Select(n => new FilterField($"status_{n}xx", $"w.status_{n}xx", FieldType.Integer)),
        new("request_size", "w.request_size", FieldType.Integer), new("response_size", "w.response_size", FieldType.Integer),
        new("created_at", "w.created_at", FieldType.Time), new("updated_at", "w.updated_at", FieldType.Time),
    ];

    /// <summary>Leaves out whole services unless they are asked for by name, so that a sum of rows counts nothing twice.</summary>
    public static FilterSql Filter(QueryReader query)
    {
        var filter = new FilterSql();
        filter.Add($"s.project_id = {query.Project}");
        if (!query.Names("endpoint", SeriesName.ServiceTotal))
        {
            filter.Add($"s.endpoint <> {SeriesName.ServiceTotal}");
        }

        return filter;
    }

    /// <summary>Adds the range of time that is asked for.</summary>
    public static void Range(QueryReader query, FilterSql filter) => ListQuery.Range(query, filter, "w.window_start");

    public async Task<List<MetricWindow>> RowsAsync(FilterSql filter, string orderBy, int limit, long offset, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT w.id, p.name, s.service, s.endpoint, w.window_start, w.created_at, w.updated_at, w.figures, p.id
            {From}
             WHERE {filter.Where}
             ORDER BY {orderBy}
             LIMIT {limit} OFFSET {offset}
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
                ProjectId = reader.GetInt32(8),
            });
        }

        return rows;
    }

    public Task<long> TotalAsync(FilterSql filter, CancellationToken ct) => ListQuery.CountAsync(db, From, filter, ct);

    /// <summary>The newest id that can be seen, and the newest that was ever drawn.</summary>
    public async Task<(long Visible, long Drawn)> NewestIdAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            "SELECT coalesce((SELECT max(id) FROM metric_windows), 0), (SELECT last_value FROM metric_windows_id_seq)");
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
