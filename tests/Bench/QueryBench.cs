using System.Diagnostics;

namespace Bayou.Bench;

/// <summary>How long the dashboard's questions take, beside a round trip to PostgreSQL.</summary>
internal sealed class QueryBench(Server server, BenchDatabase database, Table table)
{
    private const int Times = 50;

    // What is asked often .NET compiles once more, on the processors that answer: a second or two of each new question.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    /// <summary>Of what was sent.</summary>
    public async Task RunAsync()
    {
        await database.RolledUpAsync();
        await database.ExecuteAsync("ANALYZE");
        var start = DateTimeOffset.UtcNow.AddHours(-6).ToUnixTimeMilliseconds();
        await AskAsync("one route, 6 h of 60 s windows",
            $"/metrics/aggregate?service=bench1&endpoint=GET%20%2Fr%2F0%2F%7Bid%7D&window_size=60&start_date={start}", "≤ 4 ms");
        await AskAsync("200 routes, last hour, 60 s windows", "/metrics/aggregate?service=bench1&group_by=endpoint&window_size=60", "≤ 20 ms");
        await AskAsync("the same, one merged row per route", "/metrics/top?service=bench1&limit=200", "≤ 15 ms (with the hour before)");
        await AskAsync("top 10 endpoints of 6 h", $"/metrics/top?service=bench1&start_date={start}", "≤ 5 ms");
        await AskAsync("summary cards of 6 h with the range before", $"/metrics/summary?service=bench1&start_date={start}", "≤ 5 ms");
    }

    /// <summary>Of a week of 50 endpoints.</summary>
    public async Task RunWeekAsync()
    {
        await new StoredWindows(database).MakeAsync("week", endpoints: 50, days: 7);
        var start = DateTimeOffset.UtcNow.AddDays(-7).ToUnixTimeMilliseconds();
        await AskAsync("504,000 windows (50 endpoints, 7 days), all merged into ≤ 500 points", $"/metrics/aggregate?service=week&start_date={start}",
            "≤ 30 ms");
        await AskAsync("the same, from the endpoints' windows", $"/metrics/aggregate?service=week&endpoint__ne=x&start_date={start}", "");
        await AskAsync("the same, top 10 endpoints of the week", $"/metrics/top?service=week&start_date={start}", "");
    }

    /// <summary>While more and more is stored.</summary>
    public async Task RunGrowthAsync(IEnumerable<int> millions)
    {
        const int Days = 7;
        var stored = 0.0;
        foreach (var target in millions)
        {
            var endpoints = (int)Math.Round((target - stored) * 1e6 / (Days * 1_440));
            await new StoredWindows(database).MakeAsync($"grown-{target}", endpoints, Days);
            stored = target;
            var (hours, days) = (DateTimeOffset.UtcNow.AddHours(-6).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.AddDays(-7).ToUnixTimeMilliseconds());
            var service = $"grown-{target}";
            await AskAsync($"{target} million windows stored: one route, 6 h of 60 s windows",
                $"/metrics/aggregate?service={service}&endpoint=GET%20%2Fr%2F1%2F%7Bid%7D&window_size=60&start_date={hours}", "");
            await AskAsync($"{target} million windows stored: top 10 of {endpoints} endpoints, 6 h", $"/metrics/top?service={service}&start_date={hours}", "");
            await AskAsync($"{target} million windows stored: summary of 7 days", $"/metrics/summary?service={service}&start_date={days}", "");
        }
    }

    public Task AskAsync(string what, string path, string aim) => AskAsync(what, () => Task.FromResult(path), aim);

    public async Task AskAsync(string what, Func<Task<string>> path, string aim)
    {
        var address = await path();
        var first = await MeasureAsync(GetAsync);
        for (var clock = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(clock) < WarmUp;)
        {
            await GetAsync();
        }

        var milliseconds = await MeasureAsync(GetAsync);
        await MeasureAsync(TripAsync);
        table.Add($"{what}, p95", $"{milliseconds:0.0} ms", $"{await MeasureAsync(TripAsync):0.00} ms for SELECT 1; {first:0.0} ms of the first {Times}", aim);

        Task TripAsync() => database.ScalarAsync("SELECT 1");

        async Task GetAsync()
        {
            using var response = await server.Http.GetAsync(new Uri(server.Url, address));
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsByteArrayAsync();
        }
    }

    /// <returns>The 95th percentile, in milliseconds.</returns>
    private static async Task<double> MeasureAsync(Func<Task> ask)
    {
        var times = new List<double>();
        for (var i = 0; i < Times; i++)
        {
            var clock = Stopwatch.GetTimestamp();
            await ask();
            times.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
        }

        return Percentile.Of(times, 0.95);
    }
}
