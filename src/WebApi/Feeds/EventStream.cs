using System.Globalization;
using Bayou.Access;
using Bayou.Database;
using Bayou.Http;

namespace Bayou.Feeds;

/// <summary>Server-sent events: rows of a feed as they appear, each with its id, so that a client that comes back goes on where it was.</summary>
internal sealed partial class EventStream(IHostApplicationLifetime lifetime, Callers callers, TimeProvider time, ILogger<EventStream> logger)
{
    public const string ContentType = "text/event-stream";

    private const int Batch = 500;
    private const string ResumeHeader = "Last-Event-ID";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>The parameter by which a stream begins; the header comes first.</summary>
    public static (string Name, string Meaning) Begin { get; } =
        ("id__gt", "Begin after this id; else with what changes from now on. The header Last-Event-ID does the same, and comes first.");

    /// <summary>After which id the client wants to begin; null for now.</summary>
    public static long? After(HttpContext http, QueryReader query)
    {
        var after = query.Integer("id__gt", 0, long.MaxValue);
        if (http.Request.Headers[ResumeHeader] is { Count: > 0 } resumed)
        {
            after = long.TryParse(resumed, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
            if (after is null)
            {
                query.Fail(ResumeHeader, "must be the id of an event");
            }
        }

        return after;
    }

    /// <summary>Sends what a feed has after an id, until the client or the server goes.</summary>
    /// <param name="name">Of the events.</param>
    /// <param name="after">Null for what changes from now on.</param>
    public async Task<IResult> RunAsync(HttpContext http, IFeed feed, string name, long? after, CancellationToken aborted)
    {
        // Else open streams would hold up the server's end.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        var ct = either.Token;
        var begin = await feed.EndAsync(ct);
        var last = after is { } cursor && cursor <= begin.Drawn ? cursor : begin.Visible;
        http.Response.ContentType = ContentType;
        http.Response.Headers["X-Accel-Buffering"] = "no"; // A proxy that gathers would turn live into late.
        var heard = time.GetTimestamp();
        try
        {
            await http.Response.WriteAsync(": live\n\n", ct);
            await http.Response.Body.FlushAsync(ct);
            while (true)
            {
                var changed = feed.ChangedAsync(ct);
                bool hasMore;
                do
                {
                    (var count, hasMore, last) = await SendAsync(http, feed, name, last, ct);
                    heard = await BeatAsync(http, heard, count, ct);
                }
                while (hasMore);
                await Task.WhenAny(changed);
                ct.ThrowIfCancellationRequested();
                if (!await callers.StillMayAsync(http, Permission.Read, ct))
                {
                    break; // Whoever was put out hears no more.
                }
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

        return Results.Empty;
    }

    /// <returns>How many were sent, whether there may be more at once, and up to which id nothing is left.</returns>
    private static async Task<(int Count, bool HasMore, long Last)> SendAsync(HttpContext http, IFeed feed, string name, long last, CancellationToken ct)
    {
        var end = await feed.EndAsync(ct);
        if (end.Visible == last || last > end.Drawn)
        {
            return (0, false, end.Visible); // Nothing new; or the database is another by now, and this goes on from there.
        }

        var rows = await feed.AfterAsync(last, Batch, ct);
        foreach (var row in rows)
        {
            await http.Response.WriteAsync($"id: {row.Id}\nevent: {name}\ndata: ", ct);
            await http.Response.Body.WriteAsync(row.ToJson(), ct);
            await http.Response.Body.WriteAsync("\n\n"u8.ToArray(), ct);
        }

        // What the filters leave out need not be looked at again.
        var newest = rows is [.., var newestRow] ? newestRow.Id : last;
        return (rows.Count, rows.Count == Batch, rows.Count == Batch ? newest : Math.Max(newest, end.Visible));
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "A stream ended: the database did not answer")]
    private partial void Ended(Exception exception);
}
