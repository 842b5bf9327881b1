using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Makes the counts that a query asks for.</summary>
internal sealed class LogCounter(
    [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, SegmentCatalogue<LogSegments> catalogue, LogFilter filter)
{
    private static readonly HashSet<string> Counted = ["level", "source", "service", "pattern_id"];

    public async Task<SegmentCounts> OfAsync(QueryReader query, LogSelection selection, CancellationToken ct)
    {
        var segments = await catalogue.ReadAsync(ct);
        selection = await filter.MatchingAsync(selection, segments, ct);
        var canTell = query.FiltersOnly(Counted) && selection.Search is { Words.Count: 0, Required.Count: 0, Excluded.Count: 0 }
            && selection.Search.Terms.All(term => term.Field != "trace");
        return new(db, catalogue.Kind, selection.Sql, canTell, segments);
    }
}
