using System.Globalization;
using System.Text.Json;
using Bayou.Database;
using Bayou.Http;
using Microsoft.Extensions.Options;

namespace Bayou.Metrics;

/// <summary>
/// <c>GET /metrics/stream</c>: the feed of <c>id__gt</c> pushed as server-sent events. An event's id is its window's, so that
/// a client that comes back goes on where it was.
/// </summary>
internal sealed partial class MetricsStream(
    MetricWindows windows, WindowFeed feed, RowHints hints, IOptions<MetricsOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<MetricsStream> logger)
{
    private const int Batch = 500;
    private const double MaxPauseSeconds = 5; // well below the heartbeat
    private const string ResumeHeader = "Last-Event-ID";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static QuerySpec Spec { get; } = new(
        [("id__gt", "Begin after this id; else with what changes from now on. The header Last-Event-ID does the same, and comes first.")],
        [.. MetricWindows.Fields.Where(field => field.Name != "id")]);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var after = query.Whole("id__gt", 0, long.MaxValue);
        if (http.Request.Headers[ResumeHeader] is { Count: > 0 } resumed)
        {
            after = long.TryParse(resumed, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
            if (after is null)
            {
                query.Fail(ResumeHeader, "must be the id of an event");
            }
        }

        query.Filters(new FilterSql());
        if (query.Problem is { } problem)
        {
            return problem;
        }

        // A cursor above the sequence comes from a database that has since been replaced.
        var (newest, drawn) = await windows.NewestIdAsync(ct);
        await SendAsync(http, query, after is { } cursor && cursor <= drawn ? cursor : newest, ct);
        return Results.Empty;
    }

    private async Task SendAsync(HttpContext http, QueryReader query, long last, CancellationToken aborted)
    {
        // Else open streams would hold up the server's end.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        var ct = either.Token;
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // A proxy that gathers would turn live into late.
        var wanted = FeedFilter.Of(query);
        var heard = time.GetTimestamp();
        try
        {
            await http.Response.WriteAsync(": live\n\n", ct);
            await http.Response.Body.FlushAsync(ct);
            var pause = TimeSpan.FromSeconds(Math.Min(options.Value.FlushSeconds / 2.0, MaxPauseSeconds));
            while (true)
            {
                var hint = hints.Next; // Before looking, so that none is missed.
                int count;
                do
                {
                    await feed.RefreshAsync(ct);
                    (count, last) = await SendChangedAsync(http, query, wanted, last, ct);
                    heard = await BeatAsync(http, heard, count, ct);
                }
                while (count == Batch);
                await Task.WhenAny(hint, Task.Delay(pause, time, ct));
                ct.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The client has gone, or the server goes.
        }
        catch (Exception e) when (DatabaseFailure.Is(e))
        {
            Ended(e); // The client comes back with its last id, and finds everything since.
        }
    }

    /// <summary>Has what was written sent, or after a long silence says that the stream is still there.</summary>
    /// <returns>When the client last heard something.</returns>
    private async Task<long> BeatAsync(HttpContext http, long heard, int written, CancellationToken ct)
    {
        if (written == 0)
        {
            if (time.GetElapsedTime(heard) < Heartbeat)
            {
                return heard;
            }

            await http.Response.WriteAsync(": still here\n\n", ct);
        }

        await http.Response.Body.FlushAsync(ct);
        return time.GetTimestamp();
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
                await WriteAsync(http, row.Id, row.Json, ct);
            }

            return (page.Rows.Count, page.HasMore ? page.Rows[^1].Id : Math.Max(last, page.Newest));
        }

        var rows = await ChangedAsync(query, last, ct);
        foreach (var row in rows)
        {
            await WriteAsync(http, row.Id, JsonSerializer.SerializeToUtf8Bytes(row, Json.Options), ct);
        }

        // What the filters leave out need not be looked at again.
        return (rows.Count, rows.Count == Batch ? rows[^1].Id : Math.Max(rows.Count > 0 ? rows[^1].Id : last, page.Newest));
    }

    private static async Task WriteAsync(HttpContext http, long id, byte[] json, CancellationToken ct)
    {
        await http.Response.WriteAsync($"id: {id}\nevent: metric-update\ndata: ", ct);
        await http.Response.Body.WriteAsync(json, ct);
        await http.Response.Body.WriteAsync("\n\n"u8.ToArray(), ct);
    }

    private Task<List<MetricWindow>> ChangedAsync(QueryReader query, long last, CancellationToken ct)
    {
        var filter = MetricWindows.Filter(query);
        query.Filters(filter);
        filter.Add($"w.id > {last}");
        return windows.RowsAsync(filter, "w.id", Batch, 0, ct);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A stream ended: the database did not answer")]
    private partial void Ended(Exception exception);
}
