using Bayou.Http;
using Npgsql;

namespace Bayou.Logs;

/// <summary>A value and how many lines have it.</summary>
internal sealed record FacetValue(string Value, long Count);

/// <summary><c>GET /logs/facets</c>: the values of fields in a range, each with its number of lines, most first.</summary>
internal sealed class LogFacets(NpgsqlDataSource db, LogCatalogue catalogue, LogFilter filter, TimeProvider time)
{
    private const int MostValues = 20;
    private static readonly TimeSpan Default = TimeSpan.FromDays(1);

    public QuerySpec Spec { get; } = filter.Spec();

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var selection = filter.Read(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        filter.Match(selection);
        var window = LogWindow.Of(selection, time, Default);
        var sql = selection.Sql;
        var table = LogCounts.Table(sql, LogCounts.CanTell(query, selection), await catalogue.ReadAsync(ct), window, window.Start, null, "level", "source", "service");
        await using var command = db.CreateCommand($"SELECT level, source, service, sum(lines)::bigint FROM {table} GROUP BY GROUPING SETS ((level), (source), (service))");
        sql.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (levels, sources, services) = (new List<FacetValue>(), new List<FacetValue>(), new List<FacetValue>());
        while (await reader.ReadAsync(ct))
        {
            var count = reader.GetInt64(3);
            if (!await reader.IsDBNullAsync(0, ct))
            {
                levels.Add(new(LogLevels.NameOf((LineLevel)reader.GetInt16(0)), count));
            }
            else if (!await reader.IsDBNullAsync(1, ct))
            {
                sources.Add(new(reader.GetString(1), count));
            }
            else if (reader.GetString(2) is { Length: > 0 } service)
            {
                services.Add(new(service, count));
            }
        }

        return new ApiResult(new
        {
            Level = levels.OrderByDescending(value => Array.IndexOf(LogLevels.Names, value.Value)),
            Source = Most(sources),
            Service = Most(services),
        });
    }

    private static IEnumerable<FacetValue> Most(List<FacetValue> values) => values.OrderByDescending(value => value.Count).ThenBy(value => value.Value, StringComparer.Ordinal).Take(MostValues);
}
