using Bayou.Http;
using Bayou.Segments;

namespace Bayou.Replay;

/// <summary>Which captured requests the filters of a query select, by their ids.</summary>
internal sealed class ReplayChoice(SegmentCatalogue<SnapshotSegments> catalogue, ShortSnapshots snapshots, ReplayFilter filter)
{
    // By themselves these select everything: a search of blanks, and how it is done.
    private static readonly HashSet<string> SaysNotWhich = ["search", "mode"];

    public static QuerySpec Spec { get; } = ReplayFilter.Spec();

    /// <param name="most">The newest of them.</param>
    /// <param name="onlyNarrow">Why a query that selects all is refused.</param>
    public async Task<(long[] Ids, bool HasMore, ApiProblem? Problem)> ReadAsync(HttpContext http, int most, string onlyNarrow, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var selection = filter.Read(query);
        if (query.IsOf(SaysNotWhich) && !selection.IsByText)
        {
            query.Fail("query", onlyNarrow);
        }

        if (query.Problem is { } problem)
        {
            return ([], false, problem);
        }

        var segments = await catalogue.ReadAsync(ct);
        selection = await filter.MatchingAsync(selection, ct);
        var rows = await snapshots.FirstAsync(selection.Of(segments), selection.InRange(), SegmentOrder.IdDescending, most + 1, ct);
        return ([.. rows.Take(most).Select(row => row.Id)], rows.Count > most, null);
    }
}
