using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using Bayou.Database;
using Npgsql;

namespace Bayou.Torture;

/// <summary>
/// Jobs that each write a row in the transaction that ends them, on servers that are killed, frozen beyond their leases, and whose database crashes: at the end
/// there is one row for each job that was taken, and one job for each time that a schedule had.
/// </summary>
internal static class JobTrial
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4); // from the end of the trouble until all has run
    private const int Senders = 4;
    private static readonly string[] Schedules = ["each second", "each minute"];

    /// <returns>0 when each ran once; else 1.</returns>
    public static async Task<int> RunAsync(PrivatePostgres database, TimeSpan length, int seed, CancellationToken interrupted)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        patience.CancelAfter(length + Patience);
        var ct = patience.Token;
        await using var nodes = Nodes.Workers(database.Url, count: 2);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => nodes.End());
        await nodes.StartAsync(ct);
        await using (var before = NpgsqlDataSource.Create(new DatabaseOptions { Url = database.Url }.ConnectionString()))
        {
            await using var make = before.CreateCommand(RowJob.Table);
            await make.ExecuteNonQueryAsync(ct);
        }

        foreach (var schedule in new object[]
        {
            new { name = Schedules[0], type = RowJob.Name, every_seconds = 1, missed = "run_all", overlap = true },
            new { name = Schedules[1], type = RowJob.Name, cron = "* * * * *", missed = "run_all", overlap = true },
        })
        {
            using var made = await nodes.Http.PostAsJsonAsync(new Uri(nodes.Webs[0].Url, "/worker/schedules"), schedule, ct);
            made.EnsureSuccessStatusCode();
        }

        try
        {
            using var killer = await nodes.Http.PostAsJsonAsync(new Uri(nodes.Webs[0].Url, "/worker/jobs"), new { type = KillJob.Name }, ct);
            killer.EnsureSuccessStatusCode();
        }
        catch (HttpRequestException e) when (e.StatusCode is null)
        {
            // It has killed the server that was to say that it was taken; nothing else does yet.
        }

        var random = new Random(seed);
        var chaos = new Chaos(nodes, database, length, random.Next());
        var senders = Enumerable.Range(0, Senders).Select(i => new JobSender(nodes, i, random.Next())).ToList();
        using var stop = new CancellationTokenSource(length);
        using var done = new CancellationTokenSource();
        var kept = nodes.KeepAsync(done.Token);
        var sent = senders.ConvertAll(sender => sender.RunAsync(stop.Token, ct));
        await chaos.RunAsync(stop.Token, ct);
        await Task.WhenAll(sent);
        await using var db = NpgsqlDataSource.Create(new DatabaseOptions { Url = database.Url }.ConnectionString());
        var revived = await DrainAsync(nodes, db, ct);
        await done.CancelAsync();
        await kept;

        var wrong = await VerdictAsync(db, senders.Sum(sender => sender.Taken), ct);
        var occurrences = await ScalarAsync(db, "SELECT count(*) FROM job_history WHERE schedule_id IS NOT NULL AND type = 'torture.row'", ct);
        var taken = senders.Sum(sender => sender.Taken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {seed}, {length.TotalSeconds} s: {chaos}; {taken} jobs taken, {occurrences} by schedules, {revived} tried again"));
        Console.WriteLine(wrong.Count == 0 ? "Exactly right: each job wrote its row once, and each schedule's time had one job."
            : $"WRONG in {wrong.Count} places:\n  {string.Join("\n  ", wrong)}");
        return wrong.Count == 0 ? 0 : 1;
    }

    /// <summary>Waits until no job is left. One that three workers were lost with is dead by then, which is right; it is tried again.</summary>
    private static async Task<long> DrainAsync(Nodes nodes, NpgsqlDataSource db, CancellationToken ct)
    {
        while (await ScalarAsync(db, $"SELECT count(*) FROM jobs WHERE type = '{KillJob.Name}'", ct) > 0)
        {
            await Task.Delay(200, ct);
        }

        await nodes.StartAsync(ct); // From here on nobody dies.
        foreach (var name in Schedules)
        {
            var id = await ScalarAsync(db, $"SELECT id::bigint FROM schedules WHERE name = '{name}'", ct);
            await DoneAsync(nodes, HttpMethod.Patch, $"/worker/schedules/{id}", new { enabled = false }, ct);
        }

        for (var revived = 0L; ; await Task.Delay(200, ct))
        {
            var dead = await ScalarAsync(db, $"SELECT count(*) FROM job_history_dead WHERE type = '{RowJob.Name}'", ct);
            if (dead > 0)
            {
                await DoneAsync(nodes, HttpMethod.Post, $"/worker/jobs/retry?status=dead&type={RowJob.Name}", null, ct);
                revived += dead;
            }
            else if (await ScalarAsync(db, $"SELECT count(*) FROM jobs WHERE type = '{RowJob.Name}'", ct) == 0)
            {
                return revived;
            }
        }
    }

    /// <summary>Asks until it is done: a server's connections may have broken with the database's last crash, of which it learns as it uses them.</summary>
    private static async Task DoneAsync(Nodes nodes, HttpMethod method, string path, object? body, CancellationToken ct)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(method, new Uri(nodes.Webs[0].Url, path)) { Content = body is null ? null : JsonContent.Create(body) };
            using var response = await nodes.Http.SendAsync(request, ct);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                response.EnsureSuccessStatusCode();
                return;
            }

            await Task.Delay(200, ct);
        }
    }

    private static async Task<List<string>> VerdictAsync(NpgsqlDataSource db, long taken, CancellationToken ct)
    {
        var wrong = new List<string>();
        await ExpectAsync(taken, "jobs that were asked for", $"SELECT count(*) FROM job_history WHERE type = '{RowJob.Name}' AND schedule_id IS NULL");
        await ExpectAsync(0, "jobs that are there twice", "SELECT count(*) FROM (SELECT id FROM job_history GROUP BY id HAVING count(*) > 1) twice");
        await ExpectAsync(1, "jobs that are dead as three workers were lost with them",
            $"SELECT count(*) FROM job_history WHERE type = '{KillJob.Name}' AND status = 'dead' AND error LIKE 'Three workers were lost%'");
        await ExpectAsync(0, "jobs that did not succeed", $"SELECT count(*) FROM job_history WHERE type = '{RowJob.Name}' AND status <> 'succeeded'");
        await ExpectAsync(0, "jobs without a row",
            $"SELECT count(*) FROM job_history j WHERE type = '{RowJob.Name}' AND NOT EXISTS (SELECT FROM torture_rows r WHERE r.job_id = j.id)");
        await ExpectAsync(0, "jobs with several rows", "SELECT count(*) FROM (SELECT job_id FROM torture_rows GROUP BY job_id HAVING count(*) > 1) twice");
        await ExpectAsync(0, "rows without a job", "SELECT count(*) FROM torture_rows r WHERE NOT EXISTS (SELECT FROM job_history j WHERE j.id = r.job_id)");
        await ExpectAsync(0, "times of a schedule that ran twice",
            "SELECT count(*) FROM (SELECT schedule_id, unique_key FROM job_history WHERE created_by LIKE 'schedule:%' AND type = 'torture.row' "
                + "GROUP BY 1, 2 HAVING count(*) > 1) twice");
        await ExpectAsync(0, "times of a schedule that did not run", """
            SELECT count(*) FROM (
                SELECT to_timestamp(split_part(unique_key, ':', 3)::bigint) AS at,
                       lag(to_timestamp(split_part(unique_key, ':', 3)::bigint))
                           OVER (PARTITION BY schedule_id ORDER BY split_part(unique_key, ':', 3)::bigint) AS before,
                       coalesce((SELECT make_interval(secs => every_seconds) FROM schedules s WHERE s.id = schedule_id), interval '1 minute') AS every
                  FROM job_history WHERE created_by LIKE 'schedule:%' AND type = 'torture.row') times
             WHERE at - before <> every
            """);
        return wrong;

        async Task ExpectAsync(long expected, string what, string sql)
        {
            if (await ScalarAsync(db, sql, ct) is var found && found != expected)
            {
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{found} {what}, not {expected}"));
            }
        }
    }

    private static async Task<long> ScalarAsync(NpgsqlDataSource db, string sql, CancellationToken ct)
    {
        await using var command = db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
