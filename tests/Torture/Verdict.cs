using System.Globalization;
using System.Text.Json.Nodes;
using Bayou.Database;
using Npgsql;

namespace Bayou.Torture;

/// <summary>What <c>GET /metrics</c> reports beside what was acknowledged.</summary>
internal sealed record Verdict(int Windows, IReadOnlyList<string> Differences)
{
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(1);

    public static async Task<Verdict> OfAsync(Nodes nodes, Ledger ledger, MonitoredApp app, string database, TimeSpan length, CancellationToken ct)
    {
        await using var db = NpgsqlDataSource.Create(new DatabaseOptions { Url = database }.ConnectionString());
        await SettledAsync(db, ct);
        var (windows, reported) = await ReportedAsync(nodes, ct);
        var differences = ledger.Counts.Keys.Union(reported.Keys.Where(cell => cell.Service is "torture" or Batch.Traced))
            .Select(cell => (Cell: cell, Acknowledged: ledger.Counts.GetValueOrDefault(cell), Reported: reported.GetValueOrDefault(cell)))
            .Where(difference => difference.Acknowledged != difference.Reported)
            .Select(difference => $"{difference.Cell}: {difference.Acknowledged} acknowledged, {difference.Reported} reported")
            .ToList();

        // The middleware knows the minute, its caller does not.
        foreach (var (status, made) in app.Made)
        {
            var counted = reported.Where(pair => pair.Key.Service == MonitoredApp.Service && pair.Key.Status == status).Sum(pair => pair.Value);
            if (counted != made)
            {
                differences.Add($"{MonitoredApp.Service} {status}: {made} made, {counted} reported");
            }
        }

        if (length > ReminderPeriod)
        {
            differences.AddRange(await LateRemindersAsync(db, ct));
        }

        return new(windows, differences);
    }

    /// <summary>Waits until the journal is empty: everything acknowledged is in its window.</summary>
    private static async Task SettledAsync(NpgsqlDataSource db, CancellationToken ct)
    {
        while (true)
        {
            await using (var command = db.CreateCommand("SELECT NOT EXISTS (SELECT 1 FROM ingest_journal)"))
            {
                if ((bool)(await command.ExecuteScalarAsync(ct))!)
                {
                    return;
                }
            }

            await Task.Delay(200, ct);
        }
    }

    /// <summary>Whoever ran them may be dead many times over: they go on all the same, at the latest when two periods have passed.</summary>
    private static async Task<List<string>> LateRemindersAsync(NpgsqlDataSource db, CancellationToken ct)
    {
        await using var clock = db.CreateCommand("SELECT now()");
        var since = (DateTime)(await clock.ExecuteScalarAsync(ct))!;
        await using var command = db.CreateCommand("""
            SELECT type, now() > $1 + $2 FROM (VALUES ('metrics.rollup'), ('health.check')) AS due (type)
             WHERE NOT EXISTS (SELECT 1 FROM job_history j WHERE j.type = due.type AND j.started_at > $1 AND j.status = 'succeeded')
            """);
        command.Parameters.Add(new() { Value = since });
        command.Parameters.Add(new() { Value = (2 * ReminderPeriod) + TimeSpan.FromSeconds(10) });
        while (true)
        {
            var (late, isOver) = (new List<string>(), false);
            await using (var reader = await command.ExecuteReaderAsync(ct))
            {
                while (await reader.ReadAsync(ct))
                {
                    late.Add($"{reader.GetString(0)}, which is scheduled each minute, has not run since {since:O}");
                    isOver = reader.GetBoolean(1);
                }
            }

            if (late.Count == 0 || isOver)
            {
                return late;
            }

            await Task.Delay(500, ct);
        }
    }

    private static async Task<(int Windows, Dictionary<Cell, long> Counts)> ReportedAsync(Nodes nodes, CancellationToken ct)
    {
        var counts = new Dictionary<Cell, long>();
        var windows = 0;
        foreach (var project in nodes.Projects)
        {
            windows += await AddAsync(nodes, project, counts, ct);
        }

        return (windows, counts);
    }

    /// <returns>How many windows a project has.</returns>
    private static async Task<int> AddAsync(Nodes nodes, int project, Dictionary<Cell, long> counts, CancellationToken ct)
    {
        var windows = 0;
        for (var (last, more) = (0L, true); more;)
        {
            var address = new Uri(nodes.Webs[0].Url, $"/metrics?id__gt={last}&limit=1000&project={project}");
            var page = JsonNode.Parse(await nodes.Http.GetStringAsync(address, ct))!;
            foreach (var row in page["data"]!.AsArray())
            {
                windows++;
                var window = DateTimeOffset.Parse((string)row!["window_start"]!, CultureInfo.InvariantCulture).ToUnixTimeSeconds();
                foreach (var (status, count) in row["status_codes"]!.AsObject())
                {
                    var cell = new Cell(project, (string)row["service"]!, (string)row["endpoint"]!, int.Parse(status, CultureInfo.InvariantCulture), window);
                    counts[cell] = (long)count!;
                }
            }

            (last, more) = ((long)page["metadata"]!["last_id"]!, (bool)page["metadata"]!["has_more"]!);
        }

        return windows;
    }
}
