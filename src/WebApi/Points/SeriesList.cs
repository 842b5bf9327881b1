using Bayou.Database;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Points;

/// <summary>A metric.</summary>
/// <param name="Kind">gauge, sum or histogram.</param>
/// <param name="Series">How many series it has.</param>
/// <param name="Services">That send it.</param>
/// <param name="Attributes">Names by which its series are told apart.</param>
internal sealed record MetricName(string Name, string Kind, string Unit, string Description, long Series, string[] Services, string[] Attributes);

/// <param name="MaxSeries">That a project may have.</param>
/// <param name="Series">That it has.</param>
internal sealed record SeriesListMetadata(int MaxSeries, long Series);

/// <summary><c>GET /series</c>.</summary>
internal sealed class SeriesList(
    [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, Microsoft.Extensions.Options.IOptions<PointsOptions> options)
{
    public static readonly string[] Kinds = ["", "gauge", "sum", "histogram"];

    /// <summary>A sum that may fall, and is sent whole, is a level: a gauge that knows what makes it.</summary>
    public const string KindSql = "(CASE WHEN s.kind = 2 AND s.is_cumulative AND NOT s.is_monotonic THEN 1 ELSE s.kind END)::smallint";

    public static QuerySpec Spec { get; } = new([("search", "Text in name, description or service.")],
        [new("name", "name", FieldType.Text), new("service", "service", FieldType.Text)]);

    public async Task<Results<ApiResult<IEnumerable<MetricName>, SeriesListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = new FilterSql();
        filter.Add($"project_id = {query.Project}");
        query.Filters(filter);
        if (query.Text("search") is { Length: > 0 } search)
        {
            filter.AddSearch("name || ' ' || description || ' ' || service", search.Replace("\0", "", StringComparison.Ordinal));
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        await using var command = db.CreateCommand($"""
            SELECT name, max({KindSql}), max(unit), max(description), count(*), array_agg(DISTINCT service ORDER BY service),
                   (SELECT coalesce(array_agg(DISTINCT key ORDER BY key), ARRAY[]::text[])
                      FROM point_series a, jsonb_object_keys(a.attributes) key WHERE a.project_id = {query.Project} AND a.name = s.name)
              FROM point_series s WHERE {filter.Where} GROUP BY name ORDER BY name
            """);
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var names = new List<MetricName>();
        while (await reader.ReadAsync(ct))
        {
            names.Add(new(
                reader.GetString(0), Kinds[reader.GetInt16(1)], reader.GetString(2), reader.GetString(3), reader.GetInt64(4),
                reader.GetFieldValue<string[]>(5), reader.GetFieldValue<string[]>(6)));
        }

        return new ApiResult<IEnumerable<MetricName>, SeriesListMetadata>(names, new(options.Value.MaxSeries, names.Sum(name => name.Series)));
    }
}
