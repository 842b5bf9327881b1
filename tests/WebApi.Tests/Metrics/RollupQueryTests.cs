using System.Text.Json.Nodes;

namespace Bayou.Metrics;

public sealed class RollupQueryTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task Answers_are_the_same_before_and_after_windows_are_rolled_up_and_when_late_ones_come()
    {
        // Over several hours of the day before yesterday, and one a week ago.
        var service = BayouServer.NewService();
        var day = new DateTimeOffset(DateTime.UtcNow.Date.AddDays(-2), TimeSpan.Zero);
        var random = new Random(4);
        var items = Enumerable.Range(0, 400).Select(i => BayouServer.Observation(
            service, i < 20 ? day.AddDays(-5).AddMinutes(i) : day.AddSeconds(random.Next(86_400)), $"/{i % 3}", i % 9 == 0 ? 503
                : 200, 5 + random.Next(1_000))).ToList();
        await server.SendAsync(items);
        await server.CountedAsync(service, items.Count);

        var before = await AskAsync(service, day);
        await server.RollUpAsync();
        Assert.True(await RowsAsync(service, Resolution.Hour) > 0 && await RowsAsync(service, Resolution.Day) > 0);
        AssertSame(before, await AskAsync(service, day));

        await server.SendAsync(
            new[] { BayouServer.Observation(service, day.AddHours(7), "/late", 500, 3),
            BayouServer.Observation(service, day.AddDays(-5).AddMinutes(3), "/late", 500, 3) });
        await server.CountedAsync(service, items.Count + 2);
        var late = await AskAsync(service, day);
        Assert.All(before.Zip(late), pair => Assert.NotEqual(pair.First.Answer, pair.Second.Answer));
        await server.RollUpAsync();
        AssertSame(late, await AskAsync(service, day));

        // And it is the roll-ups that answer: without the windows, too.
        await using (var forget = server.Db.CreateCommand("DELETE FROM metric_windows w USING series s WHERE s.id = w.series_id AND s.service = $1"))
        {
            forget.Parameters.Add(new() { Value = service });
            await forget.ExecuteNonQueryAsync(BayouServer.Ct);
        }

        AssertSame(late, await AskAsync(service, day));
    }

    [Fact]
    public async Task A_range_has_each_request_once_whatever_is_written_and_merged_meanwhile()
    {
        // Three hours are written to again and again, merged into ten minutes, hours and the day, and read, all at the same time.
        const int Rounds = 8, Requests = 40;
        var service = BayouServer.NewService();
        var day = new DateTimeOffset(DateTime.UtcNow.Date.AddDays(-4), TimeSpan.Zero);
        var random = new Random(6);
        using var over = new CancellationTokenSource();
        var merging = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                await server.RollUpAsync();
            }
        }, BayouServer.Ct);
        var reading = Task.Run(() => ReadAsync(service, day, over.Token), BayouServer.Ct);
        try
        {
            for (var round = 1; round <= Rounds; round++)
            {
                await server.SendAsync(Enumerable.Range(0, Requests)
                    .Select(_ => BayouServer.Observation(service, day.AddHours(6).AddSeconds(random.Next(3 * 3_600)))));
                await server.CountedAsync(service, round * Requests);
            }
        }
        finally
        {
            await over.CancelAsync();
            await merging;
        }

        var (reads, changed) = await reading;
        Assert.True(changed >= Rounds / 2, $"Of {reads} reads {changed} found something new.");
        await server.RollUpAsync();
        Assert.Equal((3, 1), (await RowsAsync(service, Resolution.Hour) / 2, await RowsAsync(service, Resolution.Day) / 2)); // The endpoint and all of them.
        Assert.Equal(Rounds * Requests, await TrafficAsync(service, day));
    }

    /// <returns>How many times the day was read, and how many of these found more than the one before.</returns>
    private async Task<(int Reads, int Changed)> ReadAsync(string service, DateTimeOffset day, CancellationToken over)
    {
        var (reads, changed, last) = (0, 0, 0L);
        for (; !over.IsCancellationRequested; reads++)
        {
            var least = await server.WrittenAsync(service);
            var read = await TrafficAsync(service, day);
            Assert.InRange(read, least, await server.WrittenAsync(service));
            changed += read > last ? 1 : 0;
            last = read;
        }

        return (reads, changed);
    }

    private async Task<long> TrafficAsync(string service, DateTimeOffset day)
    {
        var (start, end) = (day.ToUnixTimeMilliseconds(), day.AddDays(1).ToUnixTimeMilliseconds());
        return (long)(await server.DataAsync($"/metrics/summary?service={service}&start_date={start}&end_date={end}"))["traffic"]!["value"]!;
    }

    private static void AssertSame(List<(string Url, string Answer)> expected, List<(string Url, string Answer)> actual) =>
        Assert.All(expected.Zip(actual), pair =>
            Assert.True(pair.First.Answer == pair.Second.Answer, $"{pair.First.Url}\n{pair.First.Answer}\n{pair.Second.Answer}"));

    private async Task<List<(string Url, string Answer)>> AskAsync(string service, DateTimeOffset day)
    {
        var (start, end) = (day.AddDays(-7).ToUnixTimeMilliseconds(), day.AddDays(1).ToUnixTimeMilliseconds());
        string[] urls =
        [
            $"/metrics/summary?service={service}&start_date={start}&end_date={end}",
            $"/metrics/aggregate?service={service}&start_date={start}&end_date={end}&window_size=600&group_by=endpoint",
            $"/metrics/aggregate?service={service}&start_date={start}&end_date={end}&window_size=86400&tz=Europe/Paris",
            $"/metrics/aggregate?service={service}&start_date={start}&end_date={end}&window_size=172800",
            $"/metrics/top?service={service}&start_date={start}&end_date={end}&by=p95",
            $"/metrics/top?service={service}&start_date={start}&end_date={end}&by=errors&points=16",
            $"/metrics/top?service={service}&start_date={start}&end_date={end}&dimension=status",
            $"/metrics/distribution?service={service}&start_date={start}&end_date={end}",
            $"/metrics/heatmap?service={service}&start_date={start}&end_date={end}&window_size=21600",
            $"/metrics/changes?service={service}&start_date={day.ToUnixTimeMilliseconds()}&end_date={end}&by=errors",
        ];
        var answers = new List<(string, string)>();
        foreach (var url in urls)
        {
            using var response = await server.Http.GetAsync(new Uri(url, UriKind.Relative), BayouServer.Ct);
            var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(BayouServer.Ct))!;
            Assert.True(response.IsSuccessStatusCode, $"{url}: {body}");
            answers.Add((url, body["data"]!.ToJsonString()));
        }

        return answers;
    }

    private async Task<long> RowsAsync(string service, Resolution resolution)
    {
        await using var command =
            server.Db.CreateCommand($"SELECT count(*) FROM {resolution.Table} w JOIN series s ON s.id = w.series_id WHERE s.service = $1");
        command.Parameters.Add(new() { Value = service });
        return (long)(await command.ExecuteScalarAsync(BayouServer.Ct))!;
    }
}
