using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Traces;

/// <summary>Spans of one service, name and kind, in traces of two ranges.</summary>
/// <param name="Value">ms of it in a trace, on average, its children's time among it.</param>
/// <param name="Previous">The same of the range before.</param>
/// <param name="Count">How many there are in a trace, on average.</param>
internal sealed record SpanWork(string Service, string Name, string Kind, double Value, double Previous, double Delta, double Count, double PreviousCount);

/// <summary>What traces spent their time on.</summary>
/// <param name="Traces">That were looked at: the newest of each range.</param>
internal sealed record TraceWorkAnswer(int Traces, int PreviousTraces, IEnumerable<SpanWork> Spans);

/// <summary><c>GET /traces/work</c>: which spans take longer than in the range before, be it a database or a call: those that grew most come first.</summary>
internal sealed class TraceWork(SegmentCatalogue<SpanSegments> catalogue, ShortSpans entries, WorkSpans spans, TimeProvider time)
{
    private const int MostTraces = 300; // of each range
    private const int MostGiven = 20;

    private static readonly TimeSpan LongestTrace = TimeSpan.FromHours(1); // what of it comes later is left out

    public static QuerySpec Spec { get; } = new(
        [
            ("start_date", "Traces whose entry began then or later; a day before the end unless told."), ("end_date", "Those that began before."),
            ("compare_to", "Start of the range to compare with, of the same length; the one just before unless told."),
        ],
        [
            new("service", "service", FieldType.Text), new("endpoint", "endpoint", FieldType.Text) { IsEmptyNull = true },
            new("status_code", "nullif(status_code, 0)", FieldType.Integer),
        ]);

    public async Task<Results<ApiResult<TraceWorkAnswer>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var sql = new FilterSql();
        var (start, end) = SegmentSelection.Range(query);
        query.Filters(sql);
        sql.AddSql("is_entry");
        var other = query.Time("compare_to");
        if (other is { Year: < 1970 or > 9_000 })
        {
            query.Fail("compare_to", "must be within the years 1970 to 9000");
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        var window = SegmentWindow.Of(new(sql, start, end), time);
        var before = other is { } told ? new SegmentWindow(told.UtcDateTime, told.UtcDateTime + window.Length) : window.Before;
        var segments = await catalogue.ReadAsync(ct);
        var (now, then) = (await OfAsync(segments, sql, window, ct), await OfAsync(segments, sql, before, ct));
        var works = now.Work.Keys.Union(then.Work.Keys).Select(key =>
        {
            var (here, there) = (now.Of(key), then.Of(key));
            return new SpanWork(
                key.Service, key.Name, SpanNames.Kinds[key.Kind], here.Ms, there.Ms, here.Ms - there.Ms, here.Count, there.Count);
        });
        return new ApiResult<TraceWorkAnswer>(new(
            now.Traces, then.Traces,
            works.OrderByDescending(work => work.Delta).ThenBy(work => work.Name, StringComparer.Ordinal).Take(MostGiven)));
    }

    private async Task<Works> OfAsync(StoredSegments segments, FilterSql sql, SegmentWindow window, CancellationToken ct)
    {
        var selection = new SegmentSelection(sql, window.Start, window.End);
        var found = await entries.FirstAsync(selection.Of(segments), selection.InRange(), SegmentOrder.Newest, MostTraces, ct);
        if (found.Count == 0)
        {
            return new(0);
        }

        var known = found.Select(entry => entry.Id).ToHashSet();
        Guid[] traces = [.. found.Select(entry => Guid.ParseExact(entry.TraceId, "N")).Distinct()];
        var (first, last) = (found.Min(entry => entry.CreatedAt), found.Max(entry => entry.CreatedAt) + LongestTrace);
        var whole = new SegmentSelection(new(), first, last).Of(segments);
        var (read, count) = await spans.OfTracesAsync(whole, traces, ct);
        var works = new Works(count);
        foreach (var span in read.Where(span => !known.Contains(span.Id)))
        {
            works.Add(span);
        }

        return works;
    }

    /// <param name="Traces">How many.</param>
    private sealed record Works(int Traces)
    {
        public Dictionary<(string Service, string Name, short Kind), (double Ms, int Count)> Work { get; } = [];

        public void Add(WorkSpan span)
        {
            var key = (span.Service, span.Name, span.Kind);
            var (ms, count) = Work.GetValueOrDefault(key);
            Work[key] = (ms + span.Duration, count + 1);
        }

        public (double Ms, double Count) Of((string Service, string Name, short Kind) key) =>
            Work.TryGetValue(key, out var work) ? (Math.Round(work.Ms / Traces, 6), Math.Round((double)work.Count / Traces, 3)) : (0, 0);
    }
}

/// <param name="Duration">ms.</param>
internal sealed record WorkSpan(long Id, string Service, string Name, short Kind, double Duration);

/// <summary>Reads what spans of some traces come to.</summary>
internal sealed class WorkSpans([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    private const int MostTables = 96; // the newest
    private const int Most = 60_000;

    /// <returns>Also of how many traces they are: of the last, which may be cut, nothing is taken.</returns>
    public async Task<(List<WorkSpan> Spans, int Traces)> OfTracesAsync(IEnumerable<StoredSegment> segments, Guid[] traces, CancellationToken ct)
    {
        var selects = segments.OrderByDescending(segment => segment.Bounds.MaxId).Take(MostTables)
            .Select(segment => $"SELECT trace_id, id, service, name, kind, duration FROM {segment.Table} WHERE trace_id = ANY ($1)");
        await using var command = db.CreateCommand($"SELECT * FROM ({string.Join("\nUNION ALL\n", selects)}) spans ORDER BY trace_id LIMIT {Most}");
        command.With<Guid[]>(traces);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<(Guid Trace, WorkSpan Span)>();
        while (await reader.ReadAsync(ct))
        {
            found.Add((reader.GetGuid(0), new(reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetInt16(4), reader.GetDouble(5))));
        }

        if (found.Count == Most && found[^1].Trace is var last)
        {
            found.RemoveAll(one => one.Trace == last);
        }

        return (found.ConvertAll(one => one.Span), found.Select(one => one.Trace).Distinct().Count());
    }
}
