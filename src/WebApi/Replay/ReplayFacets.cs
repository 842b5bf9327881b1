using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <summary>Those of each field.</summary>
internal sealed record ReplayFacetValues(
    IEnumerable<FacetValue> StatusCode, IEnumerable<FacetValue> Service, IEnumerable<FacetValue> Endpoint,
    IEnumerable<FacetValue> Method, IEnumerable<FacetValue> Stage, IEnumerable<FacetValue> Version, IEnumerable<FacetValue> GeoCountry);

/// <summary>
/// <c>GET /replay/facets</c>: the values of fields in a range, each with its number of captured requests, most first. What was deleted is counted until its
/// segment has been written anew.
/// </summary>
internal sealed class ReplayFacets(
    [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, SegmentCatalogue<SnapshotSegments> catalogue, ReplayFilter filter, TimeProvider time)
{
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
        var counts = new SegmentCounts(db, catalogue.Kind, canTell ? selection.Counted : selection.Sql, canTell, await catalogue.ReadAsync(ct));
        var facets = await SegmentFacets.ReadAsync(counts, window, Keys, ct);
        return new ApiResult<ReplayFacetValues>(new(
            facets.Most("status_code"), facets.Most("service"), facets.Most("endpoint"), facets.Most("method"), facets.Most("stage"),
            facets.Most("version"), facets.Most("geo_country")));
    }
}
