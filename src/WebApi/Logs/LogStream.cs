using System.Text.Json;
using Bayou.Http;
using Bayou.Segments;

namespace Bayou.Logs;

/// <summary><c>GET /logs/stream</c>: the feed of <c>id__gt</c> pushed as server-sent events.</summary>
internal sealed class LogStream(EventStream events, SegmentCatalogue<LogSegments> catalogue, LogList list, LogFilter filter, TimeProvider time)
{
    private const int Batch = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public QuerySpec Spec { get; } = filter.Spec(EventStream.Begin);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var after = EventStream.After(http, query);
        filter.Read(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        // A cursor above the sequence comes from a database that has since been replaced.
        var now = await catalogue.ReadAsync(ct);
        await events.RunAsync(
            http, after is { } cursor && cursor <= now.Drawn ? cursor : now.Visible, (last, aborted) => SendAsync(http, query, last, aborted), aborted => Task.Delay(Pause, time, aborted), ct);
        return Results.Empty;
    }

    private async Task<(int Count, bool HasMore, long Last)> SendAsync(HttpContext http, QueryReader query, long last, CancellationToken ct)
    {
        var segments = await catalogue.ReadAsync(ct);
        if (segments.Visible == last || last > segments.Drawn)
        {
            return (0, false, segments.Visible);
        }

        var rows = await list.AfterAsync(filter.Read(query), segments, last, Batch, ct);
        foreach (var row in rows)
        {
            await EventStream.WriteAsync(http, "log-update", row.Id, JsonSerializer.SerializeToUtf8Bytes(row, Json.Options), ct);
        }

        // What the filters leave out need not be looked at again.
        return (rows.Count, rows.Count == Batch, rows.Count == Batch ? rows[^1].Id : segments.Visible);
    }
}
