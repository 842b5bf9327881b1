using System.Diagnostics;
using Bayou.Otlp.Protocol;

namespace Bayou.Bench;

/// <summary>How fast spans are taken, beside parsing alone and beside COPY of the same, their size on disk, and how fast they are found.</summary>
internal sealed class TraceBench(Server server, BenchDatabase database, Table table, int count)
{
    private const int PerBody = 2_000;
    private const int Measured = 500_000;
    private const string Path = "/v1/traces";

    // Those of the size unless set.
    private const string FullSegments = "SELECT FROM span_segments, unnest(lines) n WHERE state = 'closed' GROUP BY retention HAVING sum(n) >= 12500";

    private const string Columns =
        "id, created_at, ingested_at, trace_id, span_id, parent_id, duration, resource_id, scope_id, nanos, kind, status, status_code, is_entry, "
            + "service, name, endpoint, scope, status_message, trace_state, attributes, events, links";

    private readonly SpanSource _source = new();

    public static Dictionary<string, string> Settings(string database) => new(Server.Settings(database)) { ["Bayou__Traces__SpansPerMinute"] = "0" };

    public async Task RunAsync()
    {
        var measured = Math.Min(count, Measured);
        await SendAsync(_source.Bodies(measured, PerBody, TimeSpan.FromMinutes(1))); // Warms up.
        var bodies = _source.Bodies(measured, PerBody, TimeSpan.FromHours(1)).ToList();
        await SealedAsync();
        var ids = (long)await database.ScalarAsync("SELECT last_value FROM spans_id_seq");
        var (app, postgres) = (server.CpuSeconds, database.CpuSeconds);
        var taken = await SendAsync(bodies);
        var cpu = (App: (server.CpuSeconds - app) / measured * 1e6, Postgres: (database.CpuSeconds - postgres) / measured * 1e6);
        await SealedAsync();
        var bare = await new BareCopy(database, "span", "spans", Columns).MeasureAsync(ids);
        var parsed = Parse(bodies);
        table.Add("traces: spans/s acknowledged, 4 senders", $"{measured / taken.TotalSeconds:#,0}",
            $"{measured / bare.TotalSeconds:#,0} by COPY of the same rows into a bare table; {measured / parsed.TotalSeconds:#,0} parsed by protoc's "
                + "parser alone, by one core", "");
        table.Add("traces: ratio of that to COPY", $"{bare / taken:0.00}", "1", "≥ 0.5");
        table.Add("traces: CPU s per 1M spans, app + PostgreSQL, unsealed", $"{cpu.App:0.0} + {cpu.Postgres:0.0}", "", "");
        await FillAsync(Math.Max(0, count - (2 * measured)));
        await AskAsync();
    }

    private static TimeSpan Parse(List<byte[]> bodies)
    {
        var best = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var clock = Stopwatch.StartNew();
            foreach (var body in bodies)
            {
                ExportTraceServiceRequest.Parser.ParseFrom(body);
            }

            best = clock.Elapsed < best ? clock.Elapsed : best;
        }

        return best;
    }

    private async Task FillAsync(int left)
    {
        var clock = Stopwatch.StartNew();
        await SendAsync(_source.Bodies(left, PerBody, TimeSpan.FromHours(24), withRare: true));
        var sent = clock.Elapsed;
        await SealedAsync();
        var stored = await database.ScalarAsync("SELECT sum(n) FROM span_segments, unnest(lines) n WHERE state <> 'expired'");
        table.Add($"traces: {stored:#,0} spans stored; until all full segments are sealed", $"{clock.Elapsed.TotalSeconds:0} s",
            $"{sent.TotalSeconds:0} s until all are acknowledged", "");
        var bytes = await database.ScalarAsync("SELECT sum(pg_total_relation_size('span_segment_' || id)) FROM span_segments WHERE state = 'sealed'");
        var heap = await database.ScalarAsync("SELECT sum(pg_table_size(('span_segment_' || id)::regclass)) FROM span_segments WHERE state = 'sealed'");
        var many = await database.ScalarAsync("SELECT sum(n) FROM span_segments, unnest(lines) n WHERE state = 'sealed'");
        table.Add("traces: bytes on disk per span, indexes among them", $"{bytes / many:0}", $"{heap / many:0} without", "");
    }

    private async Task AskAsync()
    {
        var queries = new QueryBench(server, database, table);
        var day = DateTimeOffset.UtcNow.AddDays(-1).ToUnixTimeMilliseconds();
        var last = (long)await database.ScalarAsync("SELECT last_value FROM spans_id_seq");
        await queries.AskAsync("traces: a trace by its id", $"/traces/{_source.Trace}", "≤ 20 ms");
        await queries.AskAsync("traces: newest 50", "/traces", "≤ 20 ms");
        await queries.AskAsync("traces: newest 500 entries without details", "/traces?spans=entries&details=false&limit=500", "");
        await queries.AskAsync("traces: poll by id__gt", $"/traces?details=false&id__gt={last - 100}", "≤ 20 ms");
        await queries.AskAsync("traces: newest 50 that failed", "/traces?status=error", "≤ 20 ms");
        await queries.AskAsync("traces: newest 50 slower than 130 ms", "/traces?duration__gte=130", "");
        await queries.AskAsync($"traces: a rare attribute of 24 h ({SpanSource.Rare} hits)",
            $"/traces?start_date={day}&attributes.{SpanSource.RareName}={SpanSource.RareValue}", "≤ 200 ms");
        await queries.AskAsync("traces: an attribute of 24 h that one of 500 has", $"/traces?start_date={day}&attributes.tenant=t17", "≤ 200 ms");
        await queries.AskAsync("traces: an attribute of 24 h that most have", $"/traces?start_date={day}&attributes.db.system.name=postgresql", "≤ 200 ms");
        await queries.AskAsync("traces: a word, newest 50", "/traces?search=checkout", "");
        await queries.AskAsync("traces: a word that nothing has", $"/traces?start_date={day}&search=zebraquartz", "");
        await queries.AskAsync("traces: facets of 24 h", $"/traces/facets?start_date={day}", "");
        await queries.AskAsync("traces: map of an hour", $"/traces/map?start_date={DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeMilliseconds()}", "");
        table.Add("traces: memory after all this", $"{server.Megabytes:0} MB", "", "");
    }

    private async Task<TimeSpan> SendAsync(IEnumerable<byte[]> bodies)
    {
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (body, _) => await server.SendAsync(body, Path, "application/x-protobuf"));
        return clock.Elapsed;
    }

    /// <summary>Waits until what is left unsealed is too little for a segment.</summary>
    private async Task SealedAsync()
    {
        while (await database.ScalarAsync($"SELECT count(*) FROM ({FullSegments}) full_segments") > 0)
        {
            await Task.Delay(500);
        }
    }
}
