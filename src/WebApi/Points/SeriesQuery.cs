using System.Globalization;
using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Points;

/// <summary>A line of a chart.</summary>
/// <param name="Group">The value of what it is grouped by; null for all, and for those that have none.</param>
/// <param name="Values">One for each of the windows; null where nothing came.</param>
internal sealed record SeriesLine(string? Group, IReadOnlyList<double?> Values);

/// <summary>A metric over time.</summary>
/// <param name="Aggregate">How windows were made: as was asked, or what suits its kind.</param>
/// <param name="WindowSize">Seconds.</param>
/// <param name="Start">Of the first window; each of the others follows the one before.</param>
/// <param name="IsCut">There are more groups than are given, or more points than are read.</param>
internal sealed record SeriesAnswer(
    string Name, string Kind, string Unit, string Aggregate, long WindowSize, DateTime Start, IReadOnlyList<SeriesLine> Lines, bool IsCut);

/// <summary>
/// <c>GET /series/query</c>: reads the points of the series that fit, makes of counters what came between two points, and adds up by group and window.
/// </summary>
internal sealed class SeriesQuery([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time)
{
    private const int MostGroups = 50;
    private const int MostPoints = 3_000_000; // of an answer, read
    private static readonly TimeSpan Lookback = TimeSpan.FromMinutes(10); // for the point before the first
    private static readonly string[] Aggregates = ["rate", "sum", "avg", "min", "max", "last", "count", "p50", "p90", "p95", "p99"];

    public static QuerySpec Spec { get; } = new(
        [
            ("name", "The metric."), ("start_date", "Start of the range; an hour before its end unless told."),
            ("end_date", "End of the range; now unless told."),
            ("window_size", "Seconds of a window; one of which about sixty fit unless told, a minute at least."),
            ("group_by", "service, attributes.NAME or resource.NAME."),
            ("aggregate", $"{string.Join(", ", Aggregates)}; of gauges avg, of sums rate (a second), of histograms p95 unless told."),
        ],
        [new("service", "s.service", FieldType.Text)])
    {
        Inside =
        [
            new("attributes", "attribute_at(s.attributes, {0})", FieldType.Json),
            new("resource", "attribute_at((SELECT r.resource FROM span_resources r WHERE r.id = s.resource_id), {0})", FieldType.Json),
        ],
    };

    public async Task<Results<ApiResult<SeriesAnswer>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var (from, to) = SegmentSelection.Range(query);
        if (query.Problem is { } outside)
        {
            return outside;
        }

        var end = to ?? time.GetUtcNow().UtcDateTime;
        var window = new SegmentWindow(from ?? end.AddHours(-1), end);
        var width = query.Integer("window_size", 60, 30 * 86_400) is { } told ? TimeSpan.FromSeconds(told)
            : TimeSpan.FromSeconds(Math.Max(60, window.Width(query)?.TotalSeconds ?? 60));
        if (window.Start >= end)
        {
            query.Fail("start_date", "must be before now, or before end_date");
        }

        if (window.Length / width > 1_000)
        {
            query.Fail("window_size", "gives more than 1000 windows in that range");
        }

        var filter = new FilterSql();
        filter.Add($"s.project_id = {query.Project}");
        query.Filters(filter);
        var name = query.Text("name");
        if (string.IsNullOrEmpty(name) || name.Contains('\0', StringComparison.Ordinal))
        {
            query.Fail("name", "is required");
        }

        var asked = query.Has("aggregate") ? query.Choice("aggregate", Aggregates) : null;
        var group = query.Text("group_by") is { } by ? GroupSql(query, filter, by) : null;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        filter.Add($"s.name = {name}");
        var series = await SeriesAsync(filter, group ?? "NULL::text", ct);
        if (series.Count == 0)
        {
            return ApiProblem.NotFound("metric, or none of its series fits");
        }

        var kind = series.Values.First().Kind;
        var aggregate = asked ?? kind switch { PointKind.Gauge => "avg", PointKind.Sum => "rate", _ => "p95" };
        if ((kind == PointKind.Histogram) != (aggregate[0] == 'p') && (kind != PointKind.Histogram || aggregate is "min" or "max" or "last"))
        {
            query.Fail("aggregate", aggregate[0] == 'p' ? $"{aggregate} is of histograms, and {name} is a {SeriesList.Kinds[(int)kind]}"
                : $"{aggregate} is of single values, which the histogram {name} does not keep");
            return query.Problem!;
        }

        var lines = new SeriesLines(aggregate, window, width);
        var isWhole = await ReadAsync(series, window, lines, ct);
        var (groups, isCut) = lines.Most(MostGroups);
        return new ApiResult<SeriesAnswer>(new(
            name!, SeriesList.Kinds[(int)kind], series.Values.First().Unit, aggregate, (long)width.TotalSeconds, lines.Begin, groups, isCut || !isWhole));
    }

    private static string? GroupSql(QueryReader query, FilterSql filter, string by)
    {
        var parts = by.Split('.', 2);
        switch (parts)
        {
            case ["service"]:
                return "s.service";
            case ["attributes" or "resource", { Length: > 0 } path] when !path.Contains('\0', StringComparison.Ordinal):
                var inside = Spec.Inside.Single(field => field.Name == parts[0]);
                return $"{string.Format(CultureInfo.InvariantCulture, inside.Sql, filter.Parameter(path.Split('.')))} #>> '{{}}'";
            default:
                query.Fail("group_by", "must be service, attributes.NAME or resource.NAME");
                return null;
        }
    }

    private async Task<Dictionary<int, KnownPointSeries>> SeriesAsync(FilterSql filter, string group, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            $"SELECT s.id, {SeriesList.KindSql}, s.is_cumulative, s.unit, {group} FROM point_series s WHERE {filter.Where}");
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var series = new Dictionary<int, KnownPointSeries>();
        while (await reader.ReadAsync(ct))
        {
            series[reader.GetInt32(0)] = new(
                (PointKind)reader.GetInt16(1), reader.GetBoolean(2), reader.GetString(3), await reader.IsDBNullAsync(4, ct) ? null : reader.GetString(4));
        }

        return series;
    }

    /// <returns>False where there are more points than are read.</returns>
    private async Task<bool> ReadAsync(Dictionary<int, KnownPointSeries> series, SegmentWindow window, SeriesLines lines, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT series_id, minute, started, value, count, buckets, at FROM points
             WHERE series_id = ANY ($1) AND minute >= $2 AND minute < $3 ORDER BY series_id, minute LIMIT {MostPoints}
            """);
        command.With(series.Keys.ToArray(), window.Start - Lookback, window.End);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (last, id, count) = (default(StoredPoint), 0, 0);
        while (await reader.ReadAsync(ct))
        {
            var point = new StoredPoint(
                reader.GetDateTime(1), reader.GetInt64(2), reader.GetInt64(6), reader.GetDouble(3), reader.GetInt64(4),
                await reader.IsDBNullAsync(5, ct) ? [] : PointBuckets.FromBytes(reader.GetFieldValue<byte[]>(5)));
            last = reader.GetInt32(0) == id ? last : null;
            id = reader.GetInt32(0);
            lines.Add(series[id], point, last);
            last = point;
            count++;
        }

        return count < MostPoints;
    }
}

/// <param name="Group">The value of what it is grouped by.</param>
internal sealed record KnownPointSeries(PointKind Kind, bool IsCumulative, string Unit, string? Group);

/// <summary>A point as it is stored.</summary>
/// <param name="Started">Nanoseconds since the epoch, as is <paramref name="At"/>.</param>
internal sealed record StoredPoint(DateTime Minute, long Started, long At, double Value, long Count, PointBucket[] Buckets)
{
    private const long NanosOfMinute = 60_000_000_000;

    /// <summary>
    /// What came since the point before: of a counter that has begun anew all that it has, and of one that is seen for the first time nothing, unless it
    /// has only just begun.
    /// </summary>
    public StoredPoint? Since(StoredPoint? before)
    {
        if (before is null)
        {
            return Started > 0 && At - Started <= 2 * NanosOfMinute ? this : null;
        }

        var buckets = PointBuckets.Since(Buckets, before.Buckets);
        return Value < before.Value || Count < before.Count || buckets is null || Started > before.At ? this
            : this with { Value = Value - before.Value, Count = Count - before.Count, Buckets = buckets };
    }
}
