using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace Bayou.Bench;

/// <summary>How fast events are taken, what it costs, and what they take on disk, beside COPY of the same into a bare table.</summary>
internal sealed class IngestBench(Fleet fleet, BenchDatabase database, Table table, int events)
{
    public const int Lines = 10_000;
    private const int WarmUpEvents = 1_000_000;
    private string _copied = "";

    /// <summary>Until the server's code is compiled for good; a server runs for days, and is cold for seconds.</summary>
    public async Task WarmUpAsync()
    {
        var sent = 0;
        foreach (var body in new EventSource().Bodies("warm-up", Math.Min(events, WarmUpEvents), Lines))
        {
            await fleet.Webs[sent++ % fleet.Webs.Count].SendAsync(body);
        }

        await database.SettledAsync();
        await database.ExecuteAsync("DELETE FROM metric_windows w USING series s WHERE s.id = w.series_id AND s.service = 'warm-up'");
    }

    public async Task RunAsync(int senders, string aim, Server? discarding = null)
    {
        var name = $"bench{senders}";
        var bodies = new EventSource().Bodies(name, events, Lines).ToList();
        var (taken, settled, cpu) = await SendAsync(fleet, bodies, senders);
        var who = $"ingest, {senders} sender{(senders == 1 ? "" : "s")}";
        var beside = "";
        if (discarding is not null)
        {
            await SendAsync(discarding, bodies, senders); // Warms up, as the other has.
            var (read, _, alone) = await SendAsync(discarding, bodies, senders);
            beside = $"{events / read.TotalSeconds:#,0} read and discarded, at {alone.App:0.00} CPU s per 1M";
        }

        table.Add($"{who}: events/s acknowledged", $"{events / taken.TotalSeconds:#,0}", beside, aim);
        table.Add($"{who}: until all is in its window", $"{settled.TotalSeconds:0.0} s", $"{taken.TotalSeconds:0.0} s acknowledged", "");
        table.Add($"{who}: CPU s per 1M, app + PostgreSQL", $"{cpu.App:0.00} + {cpu.Postgres:0.00}", await WindowsAsync(name), "≤ 1.0 in all");
    }

    /// <summary>The same with more endpoints.</summary>
    public async Task RunGrowthAsync(IEnumerable<int> endpoints)
    {
        foreach (var routes in endpoints)
        {
            var bodies = new EventSource(routes).Bodies($"routes{routes}", events, Lines).ToList();
            var (taken, settled, cpu) = await SendAsync(fleet, bodies, senders: 1);
            var windows =
                await database.ScalarAsync($"SELECT count(*) FROM metric_windows w JOIN series s ON s.id = w.series_id WHERE s.service = 'routes{routes}'");
            table.Add($"ingest at {routes:#,0} endpoints, 1 sender: events/s acknowledged", $"{events / taken.TotalSeconds:#,0}",
                $"{windows:#,0} windows, all written after {settled.TotalSeconds:0.0} s", "");
            table.Add($"ingest at {routes:#,0} endpoints, 1 sender: CPU s per 1M, app + PostgreSQL", $"{cpu.App:0.00} + {cpu.Postgres:0.00}", "", "");
        }
    }

    /// <summary>A day in fast-forward, minute after minute: nothing may pile up.</summary>
    public async Task RunDayAsync()
    {
        const int PerMinute = 2_000, MinutesInBody = 5;
        var begin = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddDays(-2).ToUnixTimeSeconds() / 86_400 * 86_400);
        var (journal, memory, before) = (0.0, 0.0, fleet.All[0].Megabytes);
        for (var minute = MinutesInBody; minute <= 1_440; minute += MinutesInBody)
        {
            var source = new EventSource(span: TimeSpan.FromMinutes(MinutesInBody), end: begin.AddMinutes(minute));
            await fleet.Webs[0].SendAsync(source.Bodies("day", PerMinute * MinutesInBody, PerMinute * MinutesInBody).Single());
            journal = Math.Max(journal, await database.ScalarAsync("SELECT coalesce(sum(length(payload)), 0) FROM ingest_journal") / 1e6);
            memory = Math.Max(memory, fleet.All[0].Megabytes);
        }

        await database.SettledAsync();
        var partitions = await database.ScalarAsync(
            "SELECT count(*) FROM pg_inherits WHERE inhparent::regclass::text LIKE 'metric_%' AND inhparent::regclass::text NOT LIKE '%idx%' AND inhparent IN "
                + "(SELECT oid FROM pg_class WHERE relkind = 'p')");
        table.Add("a day of steady load (2,000 requests a minute) in fast-forward: journal at most", $"{journal:0.0} MB", "empty afterwards", "bounded");
        table.Add("the same: memory at most", $"{memory:0} MB", $"{before:0} MB before", "bounded");
        table.Add("the same: partitions", $"{partitions:0}", "of all resolutions, made ahead and for what is kept", "bounded");
    }

    public async Task CopyAsync()
    {
        var source = new EventSource();
        var rows = Enumerable.Range(0, events).Select(_ => source.Next()).ToList();
        await using var connection = await database.Source.OpenConnectionAsync();
        await using (var make =
            new NpgsqlCommand("CREATE TABLE bare (route text, status int, duration float8, time timestamptz, request_size int, response_size int)", connection))
        {
            await make.ExecuteNonQueryAsync();
        }

        var postgres = database.CpuSeconds;
        var clock = Stopwatch.StartNew();
        await using (var copy = await connection.BeginBinaryImportAsync("COPY bare FROM STDIN (FORMAT binary)"))
        {
            foreach (var e in rows)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync($"/r/{e.Route}/{{id}}", NpgsqlDbType.Text);
                await copy.WriteAsync(e.Status, NpgsqlDbType.Integer);
                await copy.WriteAsync(e.DurationMs, NpgsqlDbType.Double);
                await copy.WriteAsync(DateTimeOffset.FromUnixTimeMilliseconds(e.UnixMs).UtcDateTime, NpgsqlDbType.TimestampTz);
                await copy.WriteAsync(e.RequestSize, NpgsqlDbType.Integer);
                await copy.WriteAsync(e.ResponseSize, NpgsqlDbType.Integer);
            }

            await copy.CompleteAsync();
        }

        var megabytes = await database.ScalarAsync("SELECT pg_total_relation_size('bare')") / 1e6;
        _copied = $"{megabytes / (events / 1e6):0} MB of raw rows";
        table.Add("COPY into a bare table: events/s", $"{events / clock.Elapsed.TotalSeconds:#,0}",
            $"{(database.CpuSeconds - postgres) / (events / 1e6):0.00} CPU s of PostgreSQL per 1M", "");
    }

    /// <summary>Of both runs, which are services of their own, with their roll-ups.</summary>
    public async Task SizeAsync()
    {
        await database.RolledUpAsync();
        var megabytes = 0.0;
        foreach (var parent in (string[])["metric_windows", "metric_rollups_600", "metric_rollups_3600", "metric_rollups_86400"])
        {
            await database.ExecuteAsync($"VACUUM (FULL) {parent}");
            megabytes += await database.ScalarAsync(
                $"SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits WHERE inhparent = '{parent}'::regclass") / 1e6;
        }

        table.Add("on disk after settling, roll-ups among it, per 1M events", $"{megabytes / (2 * events / 1e6):0.0} MB", _copied, "< 14 MB");
    }

    /// <summary>What became of a service's events, in words.</summary>
    public async Task<string> WindowsAsync(string service)
    {
        var ofService = $"FROM metric_windows w JOIN series s ON s.id = w.series_id WHERE s.service = '{service}'";
        return $"{await database.ScalarAsync($"SELECT count(*) {ofService}"):#,0} windows, each written "
            + $"{await database.ScalarAsync($"SELECT avg(version) {ofService}"):0.0} times";
    }

    /// <returns>CPU seconds are per million events.</returns>
    public async Task<(TimeSpan Taken, TimeSpan Settled, (double App, double Postgres) Cpu)> SendAsync(Fleet to, List<byte[]> bodies, int senders)
    {
        var (app, postgres) = (to.CpuSeconds, database.CpuSeconds);
        var clock = Stopwatch.StartNew();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, senders).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < bodies.Count; i = Interlocked.Increment(ref next))
            {
                await to.Webs[i % to.Webs.Count].SendAsync(bodies[i]);
            }
        }));
        var taken = clock.Elapsed;
        await database.SettledAsync();
        var millions = events / 1e6;
        return (taken, clock.Elapsed, ((to.CpuSeconds - app) / millions, (database.CpuSeconds - postgres) / millions));
    }
}
