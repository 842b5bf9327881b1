using System.Text.Json;
using Bayou.Http;

namespace Bayou.Feeds;

/// <summary>A row of a feed.</summary>
/// <param name="Row">As the API gives it.</param>
internal readonly record struct FeedRow(long Id, object Row)
{
    public ReadOnlyMemory<byte> ToJson() => Row is WrittenJson written ? written.Utf8 : JsonSerializer.SerializeToUtf8Bytes(Row, Row.GetType(), Json.Options);
}

/// <param name="Visible">The newest id that can be seen; whatever is before it can be seen too.</param>
/// <param name="Drawn">The newest id that was ever drawn. A cursor beyond it comes from a database that has since been replaced.</param>
internal readonly record struct FeedEnd(long Visible, long Drawn);

/// <summary>
/// What one poller or stream follows: the rows that fit its filters, ascending by id. Ids are drawn under an advisory lock, so they become visible in order,
/// and of those that can be seen none is ever skipped. See docs/adr/0002-cursor.md.
/// </summary>
internal interface IFeed
{
    /// <summary>Reads the end of the feed; <see cref="AfterAsync"/> then shows the feed as of this call, or as little later as possible.</summary>
    Task<FeedEnd> EndAsync(CancellationToken ct);

    /// <summary>The first rows after an id.</summary>
    Task<IReadOnlyList<FeedRow>> AfterAsync(long id, int count, CancellationToken ct);

    /// <summary>Completes when it is worth looking again; begun before looking, so that nothing is missed.</summary>
    Task ChangedAsync(CancellationToken ct);
}

internal static class Feed
{
    /// <summary>The page of a poller: what came after its cursor, from where to go on, and whether there is more at once.</summary>
    public static async Task<ApiResult<IEnumerable<TRow>, TMetadata>> PageAsync<TRow, TMetadata>(IFeed feed, long after, int limit, CancellationToken ct)
        where TMetadata : ListMetadata, new()
    {
        var end = await feed.EndAsync(ct);
        if (after > end.Drawn)
        {
            return ApiResult<IEnumerable<TRow>, TMetadata>.Written(Array.Empty<object>(),
                new() { Limit = limit, LastId = end.Visible, HasMore = false, Reset = true });
        }

        var rows = await feed.AfterAsync(after, limit + 1, ct);
        var hasMore = rows.Count > limit;
        var page = rows.Take(limit).ToList();
        var metadata = new TMetadata { Limit = limit, LastId = page is [.., var last] ? last.Id : after, HasMore = hasMore };
        return ApiResult<IEnumerable<TRow>, TMetadata>.Written(page.Select(row => row.Row), metadata);
    }
}
