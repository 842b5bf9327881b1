using System.Text.Json.Serialization;
using Bayou.Database;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Projects;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Traces;

/// <summary>The metadata of a page of spans.</summary>
internal sealed record TraceListMetadata : ListMetadata
{
    /// <summary>Spans of the range that were let go for the project's budget, whatever the filters; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SampledOut { get; init; }
}

/// <summary>
/// <c>GET /traces</c>: spans, newest first, or after a cursor. Beyond the page they are not counted, so that a list never reads more than it shows.
/// </summary>
internal sealed class TraceList(
    CurrentProject project, SegmentCatalogue<SpanSegments> catalogue, Spans whole, ShortSpans shortOnes, SpanTexts texts, TimeProvider time,
    [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    private const string TimeField = "timestamp";

    private static readonly HashSet<string> ListOnly = ["limit", "offset", "order_by", "order", "details"];

    public static QuerySpec Spec { get; } = TraceFilter.Spec(
        [.. SegmentPage.Parameters("spans", TimeField), ("details", "false leaves out attributes, events, links and resource, which are long.")]);

    public async Task<Results<ApiResult<IEnumerable<SpanRow>, TraceListMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var selection = TraceFilter.Read(query);
        var page = new SegmentPage(query, TimeField);
        SegmentReader<SpanRow> reader = query.Choice("details", "true", "false") == "true" ? whole : shortOnes;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (page.After is { } cursor)
        {
            return await Feed.PageAsync<SpanRow, TraceListMetadata>(
                new SegmentFeed<SpanSegments, SpanRow>(catalogue, reader, selection.AgainAsync, time), cursor, page.Limit, ct);
        }

        // Before the rows, so that whatever is visible by now they have.
        var segments = await catalogue.ReadAsync(ct);
        page.Bound(selection.Sql, segments);
        selection = await texts.NarrowAsync(selection, segments, ct);
        var isAll = page.Before is null && query.IsOf(ListOnly);
        var rows = await reader.FirstAsync(page.Of(selection.Of(segments)), selection.InRange(), page.Order, page.Offset + page.Limit + 1, ct);
        var hasMore = rows.Count > page.Offset + page.Limit;
        var all = isAll ? segments.Rows : rows.Count;
        return new ApiResult<IEnumerable<SpanRow>, TraceListMetadata>(rows.Skip(page.Offset).Take(page.Limit), new()
        {
            Limit = page.Limit,
            Offset = page.Offset,
            Total = Math.Min(all, ListMetadata.CountedUpTo),
            LastId = segments.Visible,
            TotalIsLowerBound = isAll ? all > ListMetadata.CountedUpTo : hasMore,
            SampledOut = await SampledOutAsync(selection, ct),
        });
    }

    private async Task<long?> SampledOutAsync(TraceSelection selection, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            "SELECT nullif(sum(dropped), 0)::bigint FROM span_minutes WHERE project_id = $1 AND minute >= $2 AND minute < $3 AND dropped > 0");
        var range = SegmentWindow.Of(selection, time);
        command.With(project.Id, range.Start, range.End);
        return await command.ExecuteScalarAsync(ct) as long?;
    }
}
