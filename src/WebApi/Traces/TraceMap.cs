using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Traces;

/// <summary>A service that took calls.</summary>
/// <param name="Rate">Calls a second.</param>
/// <param name="ErrorRate">From 0 to 1.</param>
/// <param name="P95Latency">ms.</param>
internal sealed record MapService(string Service, long Calls, double Rate, double ErrorRate, double P95Latency);

/// <summary>Calls from one to another.</summary>
/// <param name="Caller">Null for whoever is not known: a browser, or a service that sends no spans.</param>
/// <param name="Kind">What is called: service, database, messaging or external.</param>
/// <param name="Rate">Calls a second.</param>
/// <param name="ErrorRate">From 0 to 1.</param>
/// <param name="P95Latency">ms; of a service as it has it itself, else as its caller has.</param>
internal sealed record MapEdge(string? Caller, string Callee, string Kind, long Calls, double Rate, double ErrorRate, double P95Latency);

/// <summary>Services, and who calls whom.</summary>
/// <param name="Start">Of what was looked at.</param>
/// <param name="IsComplete">Whether all spans of the range were looked at, not only the newest.</param>
internal sealed record ServiceMap(DateTime Start, DateTime End, bool IsComplete, IEnumerable<MapService> Services, IEnumerable<MapEdge> Edges);

/// <summary>
/// <c>GET /traces/map</c>: who calls whom, made of the spans of calls: a server's span whose parent is a client's is a call between both services; a client's
/// that no server's span answers, one to a database or whatever its attributes name.
/// </summary>
internal sealed class TraceMap(SegmentCatalogue<SpanSegments> catalogue, CallSpans spans, TimeProvider time)
{
    private const int MostSpans = 100_000;
    private const int MostEdges = 500; // those of the most calls
    private const double Percentile = 0.95;

    public static QuerySpec Spec { get; } = new([("start_date", "Calls that began then or later; a day before the end unless told."),
        ("end_date", "Calls that began before.")], []);

    public async Task<Results<ApiResult<ServiceMap>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var (start, end) = SegmentSelection.Range(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var sql = new FilterSql();
        sql.AddSql("kind >= 2"); // server, client, producer, consumer
        var selection = new SegmentSelection(sql, start, end);
        var window = SegmentWindow.Of(selection, time);
        selection = selection with { Start = window.Start, End = window.End };
        var calls = await spans.FirstAsync(
            selection.Of(await catalogue.ReadAsync(ct)), selection.InRange(), SegmentOrder.Newest, MostSpans + 1, ct);
        var isComplete = calls.Count <= MostSpans;
        var now = time.GetUtcNow().UtcDateTime;
        var (from, to) = (isComplete ? window.Start : calls[^1].CreatedAt, window.End < now ? window.End : now);
        return new ApiResult<ServiceMap>(Of(calls, from, to, isComplete));
    }

    /// <summary>Makes a map of calls.</summary>
    public static ServiceMap Of(IReadOnlyList<CallSpan> calls, DateTime start, DateTime end, bool isComplete)
    {
        var seconds = Math.Max(1, (end - start).TotalSeconds);
        var sent = calls.Where(call => call.Kind is SpanKind.Client or SpanKind.Producer)
            .GroupBy(call => (call.Trace, call.SpanId)).ToDictionary(same => same.Key, same => same.First());
        var answered = new HashSet<(Guid, long)>();
        var edges = new Dictionary<(string? Caller, string Callee, string Kind), Calls>();
        var services = new Dictionary<string, Calls>(StringComparer.Ordinal);
        foreach (var call in calls.Where(call => call.Kind is SpanKind.Server or SpanKind.Consumer))
        {
            var caller = sent.GetValueOrDefault((call.Trace, call.ParentId));
            if (caller is not null)
            {
                answered.Add((call.Trace, call.ParentId));
            }

            Add(edges, (caller?.Service, call.Service, "service"), call);
            Add(services, call.Service, call);
        }

        foreach (var call in sent.Values.Where(call => call.Peer.Length > 0 && !answered.Contains((call.Trace, call.SpanId))))
        {
            Add(edges, (call.Service, call.Peer, call.PeerKind), call);
        }

        return new(
            start, end, isComplete,
            services.OrderByDescending(one => one.Value.Count).ThenBy(one => one.Key, StringComparer.Ordinal)
                .Select(one => new MapService(one.Key, one.Value.Count, one.Value.Count / seconds, one.Value.ErrorRate, one.Value.Quantile(Percentile))),
            edges.OrderByDescending(one => one.Value.Count).ThenBy(one => one.Key.ToString(), StringComparer.Ordinal).Take(MostEdges)
                .Select(one => new MapEdge(
                    one.Key.Caller, one.Key.Callee, one.Key.Kind, one.Value.Count, one.Value.Count / seconds, one.Value.ErrorRate,
                    one.Value.Quantile(Percentile))));
    }

    private static void Add<TKey>(Dictionary<TKey, Calls> all, TKey key, CallSpan call)
        where TKey : notnull
    {
        if (!all.TryGetValue(key, out var calls))
        {
            all[key] = calls = new();
        }

        calls.Add(call);
    }

    private sealed class Calls
    {
        private readonly List<double> _durations = [];
        private int _errors;

        public int Count => _durations.Count;

        public double ErrorRate => (double)_errors / Count;

        public void Add(CallSpan call)
        {
            _durations.Add(call.Duration);
            _errors += call.IsError ? 1 : 0;
        }

        /// <summary>By rank, as of windows.</summary>
        public double Quantile(double quantile)
        {
            _durations.Sort();
            return _durations[(int)Math.Ceiling(quantile * Count) - 1];
        }
    }
}

/// <summary>A span of a call, as far as a map needs it.</summary>
/// <param name="Duration">ms.</param>
/// <param name="Peer">Whom a client says that it called; empty for nobody.</param>
/// <param name="PeerKind">database, messaging or external.</param>
internal sealed record CallSpan(
    long Id, DateTime CreatedAt, Guid Trace, long SpanId, long ParentId, SpanKind Kind, bool IsError, double Duration, string Service, string Peer,
    string PeerKind) : ISegmentRow;

/// <summary>Reads spans of calls.</summary>
internal sealed class CallSpans([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db) : SegmentReader<CallSpan>(db, """
    id, created_at, trace_id, span_id, parent_id, kind, status = 2, duration, service,
    coalesce(attributes ->> 'peer.service',
        coalesce(attributes ->> 'db.system.name', attributes ->> 'db.system')
            || coalesce(' ' || coalesce(attributes ->> 'server.address', attributes ->> 'net.peer.name'), ''),
        attributes ->> 'messaging.system', attributes ->> 'server.address', attributes ->> 'net.peer.name', attributes ->> 'rpc.service', '') AS peer,
    CASE WHEN attributes ?| ARRAY['db.system.name', 'db.system'] THEN 'database' WHEN attributes ? 'messaging.system' THEN 'messaging' ELSE 'external' END
        AS peer_kind
    """)
{
    protected override CallSpan Read(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetDateTime(1), reader.GetGuid(2), reader.GetInt64(3), reader.GetInt64(4), (SpanKind)reader.GetInt16(5),
        reader.GetBoolean(6), reader.GetDouble(7), reader.GetString(8), reader.GetString(9), reader.GetString(10));
}
