using System.Diagnostics;

namespace Bayou.Bench;

/// <summary>How fast log lines are taken, beside COPY of the same into a bare table, what they take on disk, and how fast they are found again.</summary>
internal sealed class LogBench(Server server, BenchDatabase database, Table table, int lines)
{
    private const int PerBody = 5_000;
    private const int Measured = 1_000_000;
    private const int NaiveLines = 10_000;
    // the size unless set
    private const string FullSegments = "SELECT FROM log_segments, unnest(lines) n WHERE state = 'closed' GROUP BY retention HAVING sum(n) >= 100000";
    private const int LinesPerSecond = 2_000; // while questions are asked
    private const string Path = "/ingest/v1/logs";
    private const string Columns = "id, created_at, ingested_at, pattern_id, level, source, service, trace_id, message, meta, meta_text";

    private BareCopy Copy => new(database, "log", "log_lines", Columns);

    public async Task RunAsync()
    {
        var measured = Math.Min(lines, Measured);
        // Warms up: a server runs for days, and is cold for seconds.
        await SendAsync(new LineSource().Bodies(measured, PerBody, TimeSpan.FromMinutes(1)), senders: 4);
        var bodies = new LineSource().Bodies(measured, PerBody, TimeSpan.FromHours(1)).ToList();
        await SealedAsync();
        var ids = await database.ScalarAsync("SELECT last_value FROM log_lines_id_seq");
        var (app, postgres) = (server.CpuSeconds, database.CpuSeconds);
        var taken = await SendAsync(bodies, senders: 4);
        var cpu = (App: (server.CpuSeconds - app) / measured * 1e6, Postgres: (database.CpuSeconds - postgres) / measured * 1e6);
        await SealedAsync();
        var bare = await Copy.MeasureAsync((long)ids);
        table.Add("logs: lines/s acknowledged, 4 senders", $"{measured / taken.TotalSeconds:#,0}",
            $"{measured / bare.TotalSeconds:#,0} by COPY of the same rows into a bare table", "");
        table.Add("logs: ratio of that to COPY", $"{bare / taken:0.00}", "1", "≥ 0.5");
        table.Add("logs: CPU s per 1M lines, app + PostgreSQL, unsealed", $"{cpu.App:0.0} + {cpu.Postgres:0.0}", "", "");
        var naive = await NaiveAsync();
        table.Add("logs: lines/s into one table with the trigram and HNSW indexes", $"{NaiveLines / naive.TotalSeconds:#,0}", "", "");
        await FillAsync(Math.Max(0, lines - (2 * measured)));
        await AskAsync();
    }

    private async Task FillAsync(int left)
    {
        var clock = Stopwatch.StartNew();
        await SendAsync(new LineSource().Bodies(left, PerBody, TimeSpan.FromHours(24), withRare: true), senders: 2);
        var sent = clock.Elapsed;
        await SealedAsync();
        var stored = await database.ScalarAsync("SELECT sum(n) FROM log_segments, unnest(lines) n WHERE state <> 'expired'");
        table.Add($"logs: {stored:#,0} lines stored; until all full segments are sealed", $"{clock.Elapsed.TotalSeconds:0} s",
            $"{sent.TotalSeconds:0} s until all are acknowledged", "");
        var bytes = await database.ScalarAsync("SELECT sum(pg_total_relation_size('log_segment_' || id)) FROM log_segments WHERE state = 'sealed'");
        var heap = await database.ScalarAsync("SELECT sum(pg_table_size(('log_segment_' || id)::regclass)) FROM log_segments WHERE state = 'sealed'");
        var many = await database.ScalarAsync("SELECT sum(n) FROM log_segments, unnest(lines) n WHERE state = 'sealed'");
        var counts = await database.ScalarAsync("SELECT pg_total_relation_size('log_counts')");
        table.Add("logs: bytes on disk per line, indexes and counts among them", $"{(bytes + counts) / many:0}", $"{heap / many:0} without", "");
    }

    private async Task AskAsync()
    {
        using var end = new CancellationTokenSource();
        var ingest = TrickleAsync(end.Token);
        var queries = new QueryBench(server, database, table);
        var day = DateTimeOffset.UtcNow.AddDays(-1).ToUnixTimeMilliseconds();
        await queries.AskAsync("logs: poll by id__gt", async () =>
            $"/logs?limit=200&id__gt={(long)await database.ScalarAsync("SELECT last_value FROM log_lines_id_seq") - 2_000}", "≤ 10 ms");
        await queries.AskAsync("logs: newest 50", "/logs", "≤ 10 ms");
        await queries.AskAsync("logs: newest 50 of level error", "/logs?level=error", "≤ 10 ms");
        await queries.AskAsync("logs: newest 50 of a source", "/logs?source=payments", "≤ 10 ms");
        await queries.AskAsync($"logs: a rare word ({LineSource.RareLines} hits)", $"/logs?mode=keyword&search={LineSource.RareWord}", "≤ 150 ms");
        await queries.AskAsync("logs: a common word, newest 50", "/logs?mode=keyword&search=request", "≤ 30 ms");
        await queries.AskAsync("logs: by meaning, newest 50", "/logs?mode=semantic&search=cannot%20reach%20database", "≤ 50 ms");
        await queries.AskAsync("logs: by meaning, most relevant 50", "/logs?mode=semantic&sort=relevance&search=cannot%20reach%20database", "≤ 50 ms");
        await queries.AskAsync("logs: hybrid, newest 50", "/logs?search=connection%20refused", "");
        await queries.AskAsync("logs: histogram of 24 h", $"/logs/histogram?start_date={day}", "≤ 150 ms");
        await queries.AskAsync("logs: patterns of 24 h", $"/logs/patterns?start_date={day}", "");
        await queries.AskAsync("logs: facets of 24 h", $"/logs/facets?start_date={day}", "");
        await end.CancelAsync();
        var sent = await ingest;
        table.Add("logs: lines/s acknowledged meanwhile", $"{sent:#,0}", $"{LinesPerSecond:#,0} sent", "");
        table.Add("logs: memory after all this", $"{server.Megabytes:0} MB", "", "");
    }

    /// <returns>Lines a second.</returns>
    private async Task<double> TrickleAsync(CancellationToken end)
    {
        var clock = Stopwatch.StartNew();
        var sent = 0;
        const int Part = LinesPerSecond / 10;
        var source = new LineSource();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                await server.SendAsync(source.Bodies(Part, Part, TimeSpan.FromMilliseconds(100)).Single(), Path);
                sent += Part;
            }
        }
        catch (OperationCanceledException)
        {
            // That was all.
        }

        return sent / clock.Elapsed.TotalSeconds;
    }

    private async Task<TimeSpan> SendAsync(IEnumerable<byte[]> bodies, int senders)
    {
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = senders }, async (body, _) => await server.SendAsync(body, Path));
        return clock.Elapsed;
    }

    /// <summary>Waits until what is left unsealed is too little for a segment.</summary>
    private async Task SealedAsync()
    {
        while (await database.ScalarAsync($"SELECT count(*) FROM ({FullSegments}) full_segments") > 0)
        {
            await Task.Delay(200);
        }
    }

    private async Task<TimeSpan> NaiveAsync()
    {
        var hasVectors = await database.ScalarAsync("SELECT count(*) FROM pg_extension WHERE extname = 'vector'") > 0;
        await database.ExecuteAsync($"""
            CREATE TABLE naive (LIKE log_lines INCLUDING DEFAULTS, embedding real[]{(hasVectors ? ", nearness vector(16)" : "")});
            CREATE INDEX ON naive USING gin (log_text(level, source, message, meta_text) gin_trgm_ops);
            {(hasVectors ? "CREATE INDEX ON naive USING hnsw (nearness vector_cosine_ops);" : "")}
            """);
        var segment = (await Copy.SegmentsAsync("state = 'sealed'"))[0];
        var clock = Stopwatch.StartNew();
        await database.ExecuteAsync($"""
            INSERT INTO naive SELECT s.*, p.embedding{(hasVectors ? ", (SELECT array_agg(e + random() / 10) FROM unnest(p.embedding) e)::real[]::vector" : "")}
              FROM log_segment_{segment} s JOIN log_patterns p ON p.id = s.pattern_id LIMIT {NaiveLines}
            """);
        var took = clock.Elapsed;
        await database.ExecuteAsync("DROP TABLE naive");
        return took;
    }
}
