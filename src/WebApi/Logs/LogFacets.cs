using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Those of each field.</summary>
internal sealed record LogFacetValues(IEnumerable<FacetValue> Level, IEnumerable<FacetValue> Source, IEnumerable<FacetValue> Service);

/// <summary><c>GET /logs/facets</c>: the values of fields in a range, each with its number of lines, most first.</summary>
internal sealed class LogFacets(LogFilter filter, LogCounter counter, TimeProvider time)
{
    public static QuerySpec Spec { get; } = LogFilter.Spec();

    public async Task<Results<ApiResult<LogFacetValues>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = filter.Reader(http, Spec);
        var selection = filter.Read(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var window = SegmentWindow.Of(selection, time);
        var lines = await counter.OfAsync(query, selection, ct);
        var (levels, sources, services) = (new Dictionary<string, long>(), new Dictionary<string, long>(), new Dictionary<string, long>());
        await lines.ReadAsync(window, window.Start, null, ["level", "source", "service"], "level, source, service, sum(lines)::bigint",
            "GROUPING SETS ((level), (source), (service))", reader =>
        {
            var (facet, value) = !reader.IsDBNull(0) ? (levels, LogLevels.NameOf((LineLevel)reader.GetInt16(0)))
                : !reader.IsDBNull(1) ? (sources, reader.GetString(1)) : (services, reader.GetString(2));
            facet[value] = facet.GetValueOrDefault(value) + reader.GetInt64(3);
        }, ct);
        services.Remove(""); // Lines of none.
        return new ApiResult<LogFacetValues>(new(
            levels.OrderByDescending(pair => Array.IndexOf(LogLevels.Names, pair.Key))
                .Select(pair => new FacetValue(pair.Key, pair.Value)), SegmentFacets.Most(sources), SegmentFacets.Most(services)));
    }
}
