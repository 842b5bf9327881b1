using System.Text.Json.Serialization;
using Bayou.Database;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Projects;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <summary>The metadata of a page of captured requests. Beyond the page they are not counted, so that a list never reads more than it shows.</summary>
internal sealed record ReplayListMetadata : ListMetadata
{
    /// <summary>How many a search had to read one by one, for they are not indexed yet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? UnsealedRows { get; init; }
}

/// <summary><c>GET /replay</c>: captured requests, newest first, or after a cursor.</summary>
internal sealed class ReplayList(
    CurrentProject project, SegmentCatalogue<SnapshotSegments> catalogue, Snapshots whole, ShortSnapshots shortOnes, ReplayFilter filter, TimeProvider time,
    [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    private const string TimeField = "timestamp";

    private static readonly HashSet<string> ListOnly = ["limit", "offset", "order_by", "order", "bodies", "mode"];

    public static QuerySpec Spec { get; } = ReplayFilter.Spec(
        [.. SegmentPage.Parameters("requests", TimeField), ("bodies", "false leaves out bodies and headers, which are long.")]);

    public async Task<Results<ApiResult<IEnumerable<SnapshotRow>, ReplayListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var selection = filter.Read(query);
        var page = new SegmentPage(query, TimeField);
        SegmentReader<SnapshotRow> reader = query.Choice("bodies", "true", "false") == "true" ? whole : shortOnes;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (page.After is { } cursor)
        {
            return await Feed.PageAsync<SnapshotRow, ReplayListMetadata>(
                new SegmentFeed<SnapshotSegments, SnapshotRow>(catalogue, reader, stop => filter.FeedAsync(query, stop), time), cursor, page.Limit, ct);
        }

        // Before the rows, so that whatever is visible by now they have.
        var segments = await catalogue.ReadAsync(ct);
        page.Bound(selection.Sql, segments);
        selection = await filter.MatchingAsync(selection, ct);
        var isAll = page.Before is null && query.IsOf(ListOnly);
        var rows = await reader.FirstAsync(page.Of(selection.Of(segments)), selection.InRange(), page.Order, page.Offset + page.Limit + 1, ct);
        var hasMore = rows.Count > page.Offset + page.Limit;
        var all = isAll ? segments.Rows - await DeletedAsync(ct) : rows.Count;
        return new ApiResult<IEnumerable<SnapshotRow>, ReplayListMetadata>(rows.Skip(page.Offset).Take(page.Limit), new()
        {
            Limit = page.Limit,
            Offset = page.Offset,
            Total = Math.Min(all, ListMetadata.CountedUpTo),
            LastId = segments.Visible,
            TotalIsLowerBound = isAll ? all > ListMetadata.CountedUpTo : hasMore,
            UnsealedRows = selection.HasWords ? selection.Of(segments).Where(segment => !segment.IsSealed).Sum(segment => segment.Rows) : null,
        });
    }

    /// <summary>How many are hidden, and still in their segments.</summary>
    private async Task<long> DeletedAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT count(*) FROM snapshot_deletions WHERE project_id = $1");
        command.With(project.Id);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
