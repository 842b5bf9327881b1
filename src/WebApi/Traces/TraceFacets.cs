using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Traces;

/// <summary>Those of each field.</summary>
internal sealed record TraceFacetValues(
    IEnumerable<FacetValue> Service, IEnumerable<FacetValue> Name, IEnumerable<FacetValue> Kind, IEnumerable<FacetValue> Status,
    IEnumerable<FacetValue> StatusCode);

/// <summary><c>GET /traces/facets</c>: the values of fields in a range, each with its number of spans, most first.</summary>
internal sealed class TraceFacets(
    [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, SegmentCatalogue<SpanSegments> catalogue, SpanTexts texts, TimeProvider time)
{
    private static readonly string[] Keys = ["service", "name", "kind", "status", "status_code"];
    private static readonly HashSet<string> Countable = [.. Keys];

    public static QuerySpec Spec { get; } = TraceFilter.Spec();

    public async Task<Results<ApiResult<TraceFacetValues>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var selection = TraceFilter.Read(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var canTell = query.FiltersOnly(Countable) && !selection.HasText && query.Text("spans") != "roots"; // These are counted.
        var window = SegmentWindow.Of(selection, time);
        var segments = await catalogue.ReadAsync(ct);
        selection = await texts.NarrowAsync(selection, segments, ct);
        var counts = new SegmentCounts(db, catalogue.Kind, selection.Sql, canTell, segments);
        var facets = await SegmentFacets.ReadAsync(counts, window, Keys, ct);
        return new ApiResult<TraceFacetValues>(new(
            facets.Most("service"), facets.Most("name"), Named("kind", SpanNames.Kinds), Named("status", SpanNames.Statuses),
            facets.Most("status_code").Where(code => code.Value != "0")));

        IEnumerable<FacetValue> Named(string key, string[] names) =>
            facets.Most(key).Select(one => one with { Value = names[int.Parse(one.Value, System.Globalization.CultureInfo.InvariantCulture)] });
    }
}
