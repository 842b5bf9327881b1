using System.Diagnostics;
using System.Net;
using Npgsql;
using NpgsqlTypes;

namespace Bayou.Bench;

/// <summary>How fast events are taken, what it costs, and what they take on disk, beside COPY of the same into a bare table.</summary>
internal sealed class IngestBench(Server server, NpgsqlDataSource db, int postmaster, Table table, int events)
{
    private const int Lines = 10_000;
    private const int WarmUpEvents = 1_000_000;
    private string _copied = "";

    /// <summary>Until the server's code is compiled for good; a server runs for days, and is cold for seconds.</summary>
    public async Task WarmUpAsync()
    {
        foreach (var body in new EventSource().Bodies("warm-up", Math.Min(events, WarmUpEvents), Lines))
        {
            await SendAsync(body);
        }

        await SettledAsync();
        await using var forget = db.CreateCommand("DELETE FROM metric_windows w USING series s WHERE s.id = w.series_id AND s.service = 'warm-up'");
        await forget.ExecuteNonQueryAsync();
    }

    public async Task RunAsync(int senders)
    {
        var bodies = new EventSource().Bodies($"bench{senders}", events, Lines);
        var (app, postgres) = (server.CpuSeconds, Server.PostgresCpuSeconds(postmaster));
        var clock = Stopwatch.StartNew();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, senders).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < bodies.Count; i = Interlocked.Increment(ref next))
            {
                await SendAsync(bodies[i]);
            }
        }));
        var taken = clock.Elapsed;
        await SettledAsync();
        var millions = events / 1e6;
        var ofService = $"FROM metric_windows w JOIN series s ON s.id = w.series_id WHERE s.service = 'bench{senders}'";
        var (windows, writes) = (await ScalarAsync($"SELECT count(*) {ofService}"), await ScalarAsync($"SELECT avg(version) {ofService}"));
        table.Add($"ingest, {senders} sender{(senders == 1 ? "" : "s")}: events/s acknowledged", $"{events / taken.TotalSeconds:#,0}", "", senders == 1 ? "> 500,000" : "> 800,000");
        table.Add($"ingest, {senders} sender{(senders == 1 ? "" : "s")}: until all is in its window", $"{clock.Elapsed.TotalSeconds:0.0} s", $"{taken.TotalSeconds:0.0} s acknowledged", "");
        table.Add($"ingest, {senders} sender{(senders == 1 ? "" : "s")}: CPU s per 1M, app + PostgreSQL",
            $"{(server.CpuSeconds - app) / millions:0.00} + {(Server.PostgresCpuSeconds(postmaster) - postgres) / millions:0.00}", $"{windows:#,0} windows, each written {writes:0.0} times", "≤ 1.0 in all");
    }

    public async Task CopyAsync()
    {
        var source = new EventSource();
        var rows = Enumerable.Range(0, events).Select(_ => source.Next()).ToList();
        await using var connection = await db.OpenConnectionAsync();
        await using (var make = new NpgsqlCommand("CREATE TABLE bare (route text, status int, duration float8, time timestamptz, request_size int, response_size int)", connection))
        {
            await make.ExecuteNonQueryAsync();
        }

        var postgres = Server.PostgresCpuSeconds(postmaster);
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

        var megabytes = await ScalarAsync("SELECT pg_total_relation_size('bare')") / 1e6;
        _copied = $"{megabytes / (events / 1e6):0} MB of raw rows";
        table.Add("COPY into a bare table: events/s", $"{events / clock.Elapsed.TotalSeconds:#,0}", $"{(Server.PostgresCpuSeconds(postmaster) - postgres) / (events / 1e6):0.00} CPU s of PostgreSQL per 1M", "");
    }

    /// <summary>Of both runs, which are services of their own.</summary>
    public async Task SizeAsync()
    {
        await using (var vacuum = db.CreateCommand("VACUUM (FULL) metric_windows"))
        {
            vacuum.CommandTimeout = 300;
            await vacuum.ExecuteNonQueryAsync();
        }

        var megabytes = await ScalarAsync("SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits WHERE inhparent = 'metric_windows'::regclass") / 1e6;
        table.Add("on disk after settling, per 1M events", $"{megabytes / (2 * events / 1e6):0.0} MB", _copied, "< 14 MB");
    }

    private async Task SendAsync(byte[] body)
    {
        while (true)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/x-ndjson") } };
            using var response = await server.Http.PostAsync(new Uri(server.Url, "/ingest/v1/requests"), content);
            if (response.StatusCode == HttpStatusCode.Accepted)
            {
                return;
            }

            if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                throw new InvalidOperationException($"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
            }

            await Task.Delay(100);
        }
    }

    private async Task SettledAsync()
    {
        while (await ScalarAsync("SELECT count(*) FROM ingest_journal") > 0)
        {
            await Task.Delay(50);
        }
    }

    private async Task<double> ScalarAsync(string sql)
    {
        await using var command = db.CreateCommand(sql);
        return Convert.ToDouble(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
