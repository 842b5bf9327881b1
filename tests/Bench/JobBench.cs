using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;

namespace Bayou.Bench;

/// <summary>
/// Jobs that do nothing: how many are taken and done a second, how soon one begins, and both while many wait. Beside it what PostgreSQL does of the same
/// statements in a loop, with nobody between.
/// </summary>
internal sealed class JobBench(string url, BenchDatabase database, Table table, int waiting)
{
    private const int Drained = 100_000; // of which the rate is told
    private const int Singles = 200; // of which the latency is told
    private const int Senders = 4;
    private const int OfList = 500;

    public async Task RunAsync()
    {
        await using (var idle = await StartAsync(places: 0))
        {
            await EnqueueRateAsync(idle);
        }

        var raw = await RawAsync();
        var one = await DrainAsync(1_000_000, silos: 1);
        table.Add("jobs/s done, 1 silo", Rate(one), $"{Rate(raw)} by pgbench, the same statements", "half of that");
        table.Add("jobs: share of pgbench's", Ratio(one / raw), "1", "≥ 0.5");
        table.Add("jobs/s done, 2 silos on this machine", Rate(await DrainAsync(1_000_000, silos: 2)), $"{Rate(one)} with one", "more");
        table.Add("jobs/s done, 1,000 to 100,000 waiting", Rate(await DrainAsync(Drained + 1_000, silos: 1)), $"{Rate(one)} with 1,000,000", "as many");
        if (waiting > 1_000_000)
        {
            table.Add($"jobs/s done, {waiting:#,0} waiting", Rate(await DrainAsync(waiting, silos: 1)), $"{Rate(one)} with 1,000,000", "as many");
        }

        await LatencyAsync();
        await RecoveryAsync();
    }

    private static string Rate(double perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond:#,0}");

    private static string Ratio(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00}");

    private Task<Server> StartAsync(int places) => Server.LaunchAsync("WebApi.dll", [], new(Server.Settings(url))
    {
        ["Bayou__Jobs__Queues__default"] = $"{places}", ["Bayou__Jobs__Queues__system"] = "0", ["Bayou__Jobs__Queues__http"] = "0",
        ["Bayou__Cluster__Node"] = $"bench-{Guid.NewGuid():N}",
    });

    /// <summary>By the API, in lists and one by one.</summary>
    private async Task EnqueueRateAsync(Server server)
    {
        await database.ExecuteAsync("TRUNCATE jobs, job_history");
        var list = $"[{string.Join(',', Enumerable.Repeat("""{"type":"noop"}""", OfList))}]";
        var rate = await SendAsync(server, list, requests: 200) * OfList;
        table.Add("jobs/s enqueued, in lists of 500", Rate(rate), "", "");
        table.Add("jobs/s enqueued, one a request", Rate(await SendAsync(server, """{"type":"noop"}""", requests: 4_000)), "", "");
    }

    private static async Task<double> SendAsync(Server server, string body, int requests)
    {
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, requests), new ParallelOptions { MaxDegreeOfParallelism = Senders }, async (_, ct) =>
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await server.Http.PostAsync(new Uri(server.Url, "/worker/jobs"), content, ct);
            response.EnsureSuccessStatusCode();
        });
        return requests / clock.Elapsed.TotalSeconds;
    }

    private Task FillAsync(int jobs, string runAt = "now()", int priority = 1) => database.ExecuteAsync($$"""
        INSERT INTO jobs (project_id, type, queue, priority, state, payload, max_attempts, run_at, created_by)
        SELECT 1, 'noop', 'default', {{priority}}, 0, '{}', 10, {{runAt}}, 'bench' FROM generate_series(1, {{jobs}})
        """);

    /// <returns>Jobs a second, of the first of so many that wait.</returns>
    private async Task<double> DrainAsync(int jobs, int silos)
    {
        await database.ExecuteAsync("TRUNCATE jobs, job_history, job_minutes");
        await FillAsync(jobs);
        await database.ExecuteAsync("VACUUM ANALYZE jobs");
        await database.ExecuteAsync("CHECKPOINT");
        var servers = new List<Server>();
        try
        {
            for (var i = 0; i < silos; i++)
            {
                servers.Add(await StartAsync(places: 16));
            }

            var begun = await DoneAsync(1_000); // Until here it warms up.
            var clock = Stopwatch.StartNew();
            var done = await DoneAsync(Math.Min(begun + Drained, jobs));
            return (done - begun) / clock.Elapsed.TotalSeconds;
        }
        finally
        {
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    private async Task<double> DoneAsync(double least)
    {
        while (true)
        {
            var done = await database.ScalarAsync("SELECT coalesce(sum(succeeded), 0) FROM job_minutes");
            if (done >= least)
            {
                return done;
            }

            await Task.Delay(10);
        }
    }

    /// <summary>What this PostgreSQL does of the statements that hand out and end jobs, in batches as a worker has them.</summary>
    private async Task<double> RawAsync()
    {
        await database.ExecuteAsync("TRUNCATE jobs, job_history");
        await FillAsync(1_000_000);
        await database.ExecuteAsync("VACUUM ANALYZE jobs");
        var script = Path.Combine(Path.GetTempPath(), $"bayou-bench-{Guid.NewGuid():N}.sql");
        await File.WriteAllTextAsync(script, """
            WITH due AS MATERIALIZED (
                SELECT project_id, id FROM jobs WHERE state = 0 AND queue = 'default' AND priority = 1 AND run_at <= now()
                 ORDER BY run_at, id LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE jobs j SET state = 1, worker = :client_id, fence = fence + 1, attempts = attempts + 1, started_at = clock_timestamp()
              FROM due WHERE j.project_id = due.project_id AND j.id = due.id;
            WITH gone AS (DELETE FROM jobs WHERE state = 1 AND worker = :client_id RETURNING *)
            INSERT INTO job_history SELECT gone.*, 'succeeded', clock_timestamp(), NULL FROM gone;
            """);
        try
        {
            const int Seconds = 10;
            var builder = new Npgsql.NpgsqlConnectionStringBuilder(new Database.DatabaseOptions { Url = url }.ConnectionString());
            using var pgbench = Process.Start(new ProcessStartInfo(Path.Combine(await BinariesAsync(), "pgbench"),
                [
                    "-n", "-c", "2", "-j", "1", "-T", $"{Seconds}", "-f", script, "-h", builder.Host!, "-p", $"{builder.Port}", "-U", builder.Username!,
                    builder.Database!,
                ])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["PGPASSWORD"] = builder.Password ?? "" },
            })!;
            var said = await pgbench.StandardError.ReadToEndAsync();
            await pgbench.WaitForExitAsync();
            var done = await database.ScalarAsync("SELECT count(*) FROM job_history");
            return done > 0 ? done / Seconds : throw new InvalidOperationException($"pgbench did nothing: {said}");
        }
        finally
        {
            File.Delete(script);
        }
    }

    /// <summary>The folder of the server's own programs.</summary>
    private async Task<string> BinariesAsync()
    {
        await using var command = database.Source.CreateCommand("SELECT setting FROM pg_config WHERE name = 'BINDIR'");
        return (string)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>From when a job was asked for until it began, as the database's clock has both.</summary>
    private async Task LatencyAsync()
    {
        await database.ExecuteAsync("TRUNCATE jobs, job_history");
        await using var server = await StartAsync(places: 16);
        table.Add("job begins after, nothing else to do", await SinglesAsync(server, 1), "", "p99 ≤ 50 ms");
        await using (var other = await StartAsync(places: 0))
        {
            table.Add("job begins after, asked for at another process", await SinglesAsync(other, 1), "", "p99 ≤ 50 ms");
        }

        await FillAsync(1_000_000, "now() + interval '1 day'");
        table.Add("job begins after, 1,000,000 scheduled for later", await SinglesAsync(server, 1), "", "p99 ≤ 50 ms");
        await FillAsync(1_000_000, priority: 2);
        table.Add("urgent job begins after, 1,000,000 being worked off", await SinglesAsync(server, 0), "", "");
    }

    /// <summary>From kill -9 of a worker until all that it ran runs elsewhere.</summary>
    private async Task RecoveryAsync()
    {
        const int Jobs = 16;
        await database.ExecuteAsync("TRUNCATE jobs, job_history, job_minutes");
        await using var other = await StartAsync(places: Jobs);
        var killed = await StartAsync(places: Jobs);
        using var asked = await other.Http.PostAsJsonAsync(
            new Uri(other.Url, "/worker/jobs"), Enumerable.Repeat(new { type = "noop", payload = new { ms = 300_000 } }, 2 * Jobs));
        asked.EnsureSuccessStatusCode();
        await UntilAsync("SELECT count(*) FROM jobs WHERE state = 1", 2 * Jobs);
        var clock = Stopwatch.StartNew();
        await killed.DisposeAsync();
        await UntilAsync("SELECT count(*) FROM jobs WHERE crashes = 1", 1);
        table.Add("jobs of a worker that was killed are given to others after", $"{clock.Elapsed.TotalSeconds:0.0} s", "", "seconds");
    }

    private async Task UntilAsync(string sql, double least)
    {
        while (await database.ScalarAsync(sql) < least)
        {
            await Task.Delay(20);
        }
    }

    private async Task<string> SinglesAsync(Server server, int priority)
    {
        for (var i = 0; i < Singles; i++)
        {
            using var response = await server.Http.PostAsJsonAsync(
                new Uri(server.Url, "/worker/jobs"), new { type = "noop", priority, unique = new { key = $"{Guid.NewGuid()}" } });
            response.EnsureSuccessStatusCode();
            await Task.Delay(Random.Shared.Next(5, 25));
        }

        const string Ended = "FROM job_history WHERE unique_key IS NOT NULL AND created_at > now() - interval '1 minute'";
        while (await database.ScalarAsync($"SELECT count(*) {Ended}") < Singles)
        {
            await Task.Delay(50);
        }

        var (p50, p99) = (await AtAsync(0.5), await AtAsync(0.99));
        await database.ExecuteAsync("UPDATE job_history SET unique_key = NULL WHERE unique_key IS NOT NULL");
        return string.Create(CultureInfo.InvariantCulture, $"p50 {p50:0.0} ms, p99 {p99:0.0} ms");

        Task<double> AtAsync(double quantile) => database.ScalarAsync(string.Create(CultureInfo.InvariantCulture,
            $"SELECT percentile_cont({quantile}) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at) * 1000) {Ended}"));
    }
}
