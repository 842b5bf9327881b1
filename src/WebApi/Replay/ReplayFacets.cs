using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <summary>A value and how many captured requests have it.</summary>
internal sealed record ReplayFacetValue(string Value, long Count);

/// <summary>Those of each field.</summary>
internal sealed record ReplayFacetValues(
    IEnumerable<ReplayFacetValue> StatusCode, IEnumerable<ReplayFacetValue> Service, IEnumerable<ReplayFacetValue> Endpoint,
    IEnumerable<ReplayFacetValue> Method, IEnumerable<ReplayFacetValue> Stage, IEnumerable<ReplayFacetValue> Version, IEnumerable<ReplayFacetValue> GeoCountry);

/// <summary>
/// <c>GET /replay/facets</c>: the values of fields in a range, each with its number of captured requests, most first. What was deleted is counted until its
/// segment has been written anew.
/// </summary>
internal sealed class ReplayFacets(
    [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, SegmentCatalogue<SnapshotSegments> catalogue, ReplayFilter filter, TimeProvider time)
{
    private const int MostValues = 20;

    private static readonly string[] Keys = SnapshotSegments.Keys.Split(", ");
    private static readonly HashSet<string> Countable = [.. Keys];

    public static QuerySpec Spec { get; } = ReplayFilter.Spec();

    public async Task<Results<ApiResult<ReplayFacetValues>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var selection = filter.Read(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        selection = await filter.MatchingAsync(selection, ct);
        var canTell = query.FiltersOnly(Countable) && !selection.IsNarrowed;
        var window = SegmentWindow.Of(selection, time);
        var values = Keys.ToDictionary(key => key, _ => new Dictionary<string, long>());
        var counts = new SegmentCounts(db, catalogue.Kind, canTell ? selection.Counted : selection.Sql, canTell, await catalogue.ReadAsync(ct));
        await counts.ReadAsync(
            window, window.Start, null, Keys, $"{string.Join(", ", Keys.Select(key => $"{key}::text"))}, sum(lines)::bigint",
            $"GROUPING SETS ({string.Join(", ", Keys.Select(key => $"({key})"))})", reader =>
            {
                var at = Enumerable.Range(0, Keys.Length).First(column => !reader.IsDBNull(column));
                var value = reader.GetString(at);
                values[Keys[at]][value] = values[Keys[at]].GetValueOrDefault(value) + reader.GetInt64(Keys.Length);
            }, ct);
        return new ApiResult<ReplayFacetValues>(new(
            Most("status_code"), Most("service"), Most("endpoint"), Most("method"), Most("stage"), Most("version"), Most("geo_country")));

        IEnumerable<ReplayFacetValue> Most(string key) => values[key].Where(pair => pair.Key.Length > 0)
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(MostValues)
            .Select(pair => new ReplayFacetValue(pair.Key, pair.Value));
    }

}
