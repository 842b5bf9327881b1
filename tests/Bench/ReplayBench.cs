using System.Diagnostics;

namespace Bayou.Bench;

/// <summary>How fast captured requests are taken, beside COPY of the same into a bare table, their size on disk, and how fast they are found again.</summary>
internal sealed class ReplayBench(Server server, BenchDatabase database, Table table, int count)
{
    private const int PerBody = 1_000;
    private const int Measured = 50_000;
    private const string Path = "/ingest/v1/snapshots";

    // Those of the size unless set.
    private const string FullSegments = "SELECT FROM snapshot_segments, unnest(lines) n WHERE state = 'closed' GROUP BY retention HAVING sum(n) >= 2500";

    private const string Columns =
        "id, text_id, created_at, ingested_at, duration, status_code, flags, geo_lat, geo_lon, service, endpoint, method, path, query, body, response_body, "
            + "error, user_id, trace_id, version, stage, geo_source, geo_country, geo_region, geo_city, folded, headers, response_headers";

    public async Task RunAsync()
    {
        var measured = Math.Min(count, Measured);
        await SendAsync(new SnapshotSource().Bodies(measured, PerBody, TimeSpan.FromMinutes(1))); // Warms up.
        var bodies = new SnapshotSource().Bodies(measured, PerBody, TimeSpan.FromHours(1)).ToList();
        await SealedAsync();
        var ids = (long)await database.ScalarAsync("SELECT last_value FROM snapshots_id_seq");
        var (app, postgres) = (server.CpuSeconds, database.CpuSeconds);
        var taken = await SendAsync(bodies);
        var cpu = (App: (server.CpuSeconds - app) / measured * 1e6, Postgres: (database.CpuSeconds - postgres) / measured * 1e6);
        await SealedAsync();
        var bare = await new BareCopy(database, "snapshot", "snapshots", Columns).MeasureAsync(ids);
        table.Add("replay: captured requests/s acknowledged, 4 senders", $"{measured / taken.TotalSeconds:#,0}",
            $"{measured / bare.TotalSeconds:#,0} by COPY of the same rows into a bare table", "");
        table.Add("replay: ratio of that to COPY", $"{bare / taken:0.00}", "1", "");
        table.Add("replay: CPU s per 1M, app + PostgreSQL, unsealed", $"{cpu.App:0} + {cpu.Postgres:0}", "", "");
        await FillAsync(Math.Max(0, count - (2 * measured)));
        await AskAsync();
    }

    private async Task FillAsync(int left)
    {
        var clock = Stopwatch.StartNew();
        await SendAsync(new SnapshotSource().Bodies(left, PerBody, TimeSpan.FromHours(24), withRare: true));
        var sent = clock.Elapsed;
        await SealedAsync();
        var stored = await database.ScalarAsync("SELECT sum(n) FROM snapshot_segments, unnest(lines) n WHERE state <> 'expired'");
        table.Add($"replay: {stored:#,0} captured requests stored; until all full segments are sealed", $"{clock.Elapsed.TotalSeconds:0} s",
            $"{sent.TotalSeconds:0} s until all are acknowledged", "");
        var bytes = await database.ScalarAsync("SELECT sum(pg_total_relation_size('snapshot_segment_' || id)) FROM snapshot_segments WHERE state = 'sealed'");
        var heap = await database.ScalarAsync(
            "SELECT sum(pg_table_size(('snapshot_segment_' || id)::regclass)) FROM snapshot_segments WHERE state = 'sealed'");
        var many = await database.ScalarAsync("SELECT sum(n) FROM snapshot_segments, unnest(lines) n WHERE state = 'sealed'");
        table.Add("replay: bytes on disk per captured request, indexes among them", $"{bytes / many:0}", $"{heap / many:0} without", "");
    }

    private async Task AskAsync()
    {
        var queries = new QueryBench(server, database, table);
        var last = (long)await database.ScalarAsync("SELECT last_value FROM snapshots_id_seq");
        await queries.AskAsync("replay: newest 50", "/replay", "≤ 50 ms");
        await queries.AskAsync("replay: newest 50 without bodies", "/replay?bodies=false", "≤ 50 ms");
        await queries.AskAsync("replay: poll by id__gt", $"/replay?bodies=false&id__gt={last - 100}", "≤ 50 ms");
        await queries.AskAsync("replay: newest 50 that failed", "/replay?status_code__gte=500", "≤ 50 ms");
        await queries.AskAsync("replay: newest 50 of a service and stage", "/replay?service=shop1&stage=production", "≤ 50 ms");
        await queries.AskAsync($"replay: a rare word ({SnapshotSource.Rare} hits)", $"/replay?mode=keyword&search={SnapshotSource.RareWord}", "≤ 50 ms");
        await queries.AskAsync("replay: a common word, newest 50", "/replay?mode=keyword&search=cotton", "≤ 50 ms");
        await queries.AskAsync("replay: by meaning, newest 50", "/replay?mode=semantic&search=purchase%20items", "≤ 50 ms");
        await queries.AskAsync("replay: one by id", $"/replay/{last / 2}", "≤ 50 ms");
        await queries.AskAsync("replay: facets of an hour", $"/replay/facets?start_date={DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeMilliseconds()}", "");
        table.Add("replay: memory after all this", $"{server.Megabytes:0} MB", "", "");
    }

    private async Task<TimeSpan> SendAsync(IEnumerable<byte[]> bodies)
    {
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (body, _) => await server.SendAsync(body, Path));
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
