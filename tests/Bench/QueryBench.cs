using System.Diagnostics;
using Npgsql;

namespace Bayou.Bench;

/// <summary>How long the dashboard's questions take, beside a round trip to PostgreSQL.</summary>
internal sealed class QueryBench(Server server, NpgsqlDataSource db, Table table)
{
    private const int Times = 50;

    public async Task RunAsync()
    {
        await using (var analyze = db.CreateCommand("ANALYZE"))
        {
            await analyze.ExecuteNonQueryAsync();
        }

        var trip = await MeasureAsync(async () =>
        {
            await using var command = db.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync();
        });
        var start = DateTimeOffset.UtcNow.AddHours(-6).ToUnixTimeMilliseconds();
        await AskAsync("one route, 6 h of 60 s windows", $"/metrics/aggregate?service=bench1&endpoint=GET%20%2Fr%2F0%2F%7Bid%7D&window_size=60&start_date={start}", "≤ 4 ms", trip);
        await AskAsync("200 routes, last hour, 60 s windows", "/metrics/aggregate?service=bench1&group_by=endpoint&window_size=60", "≤ 20 ms", trip);
        await AskAsync("the same, one merged row per route", "/metrics/top?service=bench1&limit=200", "≤ 15 ms (with the hour before)", trip);
        await AskAsync("top 10 endpoints of 6 h", $"/metrics/top?service=bench1&start_date={start}", "≤ 5 ms", trip);
        await AskAsync("summary cards of 6 h with the range before", $"/metrics/summary?service=bench1&start_date={start}", "≤ 5 ms", trip);
    }

    private async Task AskAsync(string what, string path, string aim, double trip)
    {
        var milliseconds = await MeasureAsync(async () =>
        {
            using var response = await server.Http.GetAsync(new Uri(server.Url, path));
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsByteArrayAsync();
        });
        table.Add($"{what}, p95", $"{milliseconds:0.0} ms", $"{trip:0.00} ms for SELECT 1", aim);
    }

    /// <returns>The 95th percentile, in milliseconds.</returns>
    private static async Task<double> MeasureAsync(Func<Task> ask)
    {
        var times = new List<double>();
        for (var i = -5; i < Times; i++)
        {
            var clock = Stopwatch.GetTimestamp();
            await ask();
            if (i >= 0) // The first ones warm up.
            {
                times.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            }
        }

        times.Sort();
        return times[(int)Math.Ceiling(times.Count * 0.95) - 1];
    }
}
