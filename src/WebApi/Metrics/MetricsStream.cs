using System.Text.Json;
using Bayou.Http;
using Microsoft.Extensions.Options;

namespace Bayou.Metrics;

/// <summary>
/// <c>GET /metrics/stream</c>: the feed of <c>id__gt</c> pushed as server-sent events. An event's id is its window's, so that
/// a client that comes back goes on where it was.
/// </summary>
internal sealed class MetricsStream(
    EventStream events, MetricWindows windows, WindowFeed feed, RowHints hints, IOptions<MetricsOptions> options, TimeProvider time)
{
    private const string Event = "metric-update";
    private const int Batch = 500;
    private const double MaxPauseSeconds = 5; // well below the heartbeat

    public static QuerySpec Spec { get; } = new(
        [EventStream.Begin],
        [.. MetricWindows.Fields.Where(field => field.Name != "id")]);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var after = EventStream.After(http, query);
        query.Filters(new FilterSql());
        if (query.Problem is { } problem)
        {
            return problem;
        }

        // A cursor above the sequence comes from a database that has since been replaced.
        var (newest, drawn) = await windows.NewestIdAsync(ct);
        var wanted = FeedFilter.Of(query);
        var pause = TimeSpan.FromSeconds(Math.Min(options.Value.FlushSeconds / 2.0, MaxPauseSeconds));
        await events.RunAsync(
            http, after is { } cursor && cursor <= drawn ? cursor : newest,
            async (last, aborted) =>
            {
                await feed.RefreshAsync(aborted);
                (var count, last) = await SendChangedAsync(http, query, wanted, last, aborted);
                return (count, count == Batch, last);
            },
            aborted => Task.WhenAny(hints.Next, Task.Delay(pause, time, aborted)), ct);
        return Results.Empty;
    }

    /// <param name="wanted">The filters as they are on rows in memory; null where only SQL can tell.</param>
    /// <returns>How many were sent, and up to which id nothing is left to send.</returns>
    private async Task<(int Count, long Last)> SendChangedAsync(HttpContext http, QueryReader query, Func<FeedRow, bool>? wanted, long last, CancellationToken ct)
    {
        var page = feed.After(last, wanted ?? (_ => true), Batch);
        if (page.Newest == last || last > page.Drawn)
        {
            return (0, page.Newest); // Nothing new; or the database is another by now, and this goes on from there.
        }

        if (wanted is not null && last >= page.Floor)
        {
            foreach (var row in page.Rows)
            {
                await EventStream.WriteAsync(http, Event, row.Id, row.Json, ct);
            }

            return (page.Rows.Count, page.HasMore ? page.Rows[^1].Id : Math.Max(last, page.Newest));
        }

        var rows = await ChangedAsync(query, last, ct);
        foreach (var row in rows)
        {
            await EventStream.WriteAsync(http, Event, row.Id, JsonSerializer.SerializeToUtf8Bytes(row, Json.Options), ct);
        }

        // What the filters leave out need not be looked at again.
        return (rows.Count, rows.Count == Batch ? rows[^1].Id : Math.Max(rows.Count > 0 ? rows[^1].Id : last, page.Newest));
    }

    private Task<List<MetricWindow>> ChangedAsync(QueryReader query, long last, CancellationToken ct)
    {
        var filter = MetricWindows.Filter(query);
        query.Filters(filter);
        filter.Add($"w.id > {last}");
        return windows.RowsAsync(filter, "w.id", Batch, 0, ct);
    }
}
