using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bayou.Metrics;

public sealed class ExactCountTests(BayouServer server) : IClassFixture<BayouServer>
{
    private sealed record Sent(string Endpoint, int Window, int Status, double DurationMs, int RequestSize, int ResponseSize);

    [Fact]
    public async Task A_hundred_thousand_observations_from_four_senders_come_out_exactly()
    {
        const int Count = 100_000, Senders = 4, Batch = 500, Windows = 30, Endpoints = 50;
        var random = new Random(42);
        var service = BayouServer.NewService();
        var first = BayouServer.RecentMinute.AddMinutes(-Windows);
        var statuses = new[] { 200, 200, 200, 200, 201, 304, 404, 500, 503 };
        var sent = Enumerable.Range(0, Count).Select(_ => new Sent(
            $"GET /e{random.Next(Endpoints):D2}", random.Next(Windows), statuses[random.Next(statuses.Length)],
            Math.Round(Math.Exp(3 + (1.1 * random.NextDouble() * 3)), 3), random.Next(1_000), random.Next(100_000))).ToList();

        await Parallel.ForEachAsync(sent.Chunk(Batch), new ParallelOptions { MaxDegreeOfParallelism = Senders }, async (batch, _) =>
        {
            var lines = string.Join('\n', batch.Select(o => JsonSerializer.Serialize(new
            {
                service, method = "GET", route = o.Endpoint[4..], status = o.Status, duration_ms = o.DurationMs,
                time = first.AddMinutes(o.Window).AddSeconds(o.Status % 60), request_size = o.RequestSize, response_size = o.ResponseSize,
            })));
            Assert.Equal(HttpStatusCode.Accepted, (await server.PostAsync(Encoding.UTF8.GetBytes(lines), "application/x-ndjson")).Status);
        });
        await server.CountedAsync(service, Count);
        await EndpointsCountedAsync(service, Count);

        // Every row of the list, by its cursor, as a poller reads it.
        var rows = await AllRowsAsync(service);
        Assert.Equal(Count, rows.Sum(r => (long)r["traffic_count"]!));
        Assert.Equal(sent.GroupBy(o => (o.Endpoint, o.Window)).Count(), rows.Count);
        foreach (var group in sent.GroupBy(o => (o.Endpoint, Start: first.AddMinutes(o.Window))))
        {
            var row = rows.Single(r => (string)r["endpoint"]! == group.Key.Endpoint && DateTimeOffset.Parse((string)r["window_start"]!) == group.Key.Start);
            AssertMatches(row, [.. group]);
        }

        // Merged over all windows: each endpoint, and the whole service.
        var from = first.ToUnixTimeMilliseconds();
        var to = first.AddMinutes(Windows).ToUnixTimeMilliseconds();
        var byEndpoint = (await server.DataAsync($"/metrics/aggregate?service={service}&start_date={from}&end_date={to}&window_size=86400&group_by=endpoint"))
            .AsArray();
        foreach (var group in sent.GroupBy(o => o.Endpoint))
        {
            var points = byEndpoint.Where(p => (string)p!["endpoint"]! == group.Key).ToList();
            Assert.Equal(group.Count(), points.Sum(p => (long)p!["traffic_count"]!));
            if (points.Count == 1)
            {
                AssertMatches(points[0]!, [.. group]); // One point, unless midnight lies in between.
            }
        }

        var summary = await server.DataAsync($"/metrics/summary?service={service}&start_date={from}&end_date={to}");
        var sorted = sent.Select(o => o.DurationMs).Order().ToList();
        Assert.Equal(Count, (long)summary["traffic"]!["value"]!);
        Assert.Equal(sent.Sum(o => (long)o.RequestSize), (long)summary["bytes_in"]!["value"]!);
        Assert.Equal(sent.Sum(o => (long)o.ResponseSize), (long)summary["bytes_out"]!["value"]!);
        AssertPercentiles(sorted, (double)summary["p50_latency"]!["value"]!, (double)summary["p95_latency"]!["value"]!,
            (double)summary["p99_latency"]!["value"]!);

        var statusesCounted = (await server.DataAsync($"/metrics/top?service={service}&dimension=status&start_date={from}&end_date={to}")).AsArray();
        Assert.Equal(
            sent.GroupBy(o => o.Status).ToDictionary(g => g.Key.ToString(), g => (long)g.Count()).OrderBy(p => p.Key),
            statusesCounted.ToDictionary(s => (string)s!["status"]!, s => (long)s!["value"]!).OrderBy(p => p.Key));

        var distribution = await server.DataAsync($"/metrics/distribution?service={service}&start_date={from}&end_date={to}");
        Assert.Equal(Count, distribution["buckets"]!.AsArray().Sum(b => (long)b!["count"]!));
    }

    private static void AssertMatches(JsonNode row, List<Sent> sent)
    {
        Assert.Equal(sent.Count, (long)row["traffic_count"]!);
        Assert.Equal(sent.Sum(o => (long)o.RequestSize), (long)row["request_size"]!);
        Assert.Equal(sent.Sum(o => (long)o.ResponseSize), (long)row["response_size"]!);
        Assert.Equal(
            sent.GroupBy(o => o.Status).ToDictionary(g => g.Key.ToString(), g => g.Count()).OrderBy(p => p.Key),
            row["status_codes"]!.AsObject().ToDictionary(p => p.Key, p => (int)p.Value!).OrderBy(p => p.Key));
        Assert.Equal(sent.Count(o => o.Status >= 500), (long)row["status_5xx"]!);
        Assert.Equal(sent.Max(o => o.DurationMs), (double)row["max_latency"]!, 3);
        AssertPercentiles([.. sent.Select(o => o.DurationMs).Order()], (double)row["p50_latency"]!, (double)row["p95_latency"]!, (double)row["p99_latency"]!);
    }

    private static void AssertPercentiles(List<double> sorted, double p50, double p95, double p99)
    {
        foreach (var (q, value) in new[] { (0.50, p50), (0.95, p95), (0.99, p99) })
        {
            var exact = sorted[(int)Math.Ceiling((q * sorted.Count) - 1e-9) - 1];
            Assert.InRange(value, (exact * 0.99) - 0.001, (exact * 1.01) + 0.001);
        }
    }

    private async Task EndpointsCountedAsync(string service, long count) => Assert.Equal(count, await Eventually.SeesAsync(
        async () => (await AllRowsAsync(service)).Sum(r => (long)r["traffic_count"]!), counted => counted >= count));

    private async Task<List<JsonNode>> AllRowsAsync(string service)
    {
        var latest = new Dictionary<(string, string), JsonNode>();
        for (long cursor = 0; ;)
        {
            var (_, body) = await server.GetAsync($"/metrics?service={service}&id__gt={cursor}&limit=1000");
            foreach (var row in body["data"]!.AsArray())
            {
                Assert.True((long)row!["id"]! > cursor);
                cursor = (long)row["id"]!;
                latest[((string)row["endpoint"]!, (string)row["window_start"]!)] = row;
            }

            Assert.Equal(cursor, (long)body["metadata"]!["last_id"]!);
            if (!(bool)body["metadata"]!["has_more"]!)
            {
                return [.. latest.Values];
            }
        }
    }
}
