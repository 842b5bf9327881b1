using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Shop;

/// <summary>
/// Writes the shop's last hours, and what it would have logged in them, into Bayou through its ingest, so that there is a history to look at.
/// </summary>
internal sealed class Backfill(HttpClient http, Uri bayou, double rate, HistoryLog history)
{
    private static readonly TimeSpan Batch = TimeSpan.FromMinutes(10);

    public async Task RunAsync(TimeSpan length, CancellationToken ct)
    {
        var now = DateTimeOffset.UtcNow;
        if (length <= TimeSpan.Zero || await HasHistoryAsync(now, ct))
        {
            return;
        }

        var sent = 0;
        var random = new Random(42);
        using var loggers = new LoggerFactory([history]);
        var log = new ShopLog(loggers);
        for (var from = Floor(now - length, Batch); from < now; from += Batch)
        {
            // What is left of the present minute is for live traffic.
            var to = from + Batch < now ? from + Batch : Floor(now, TimeSpan.FromMinutes(1));
            sent += await SendAsync(from, to, random, log, ct);
        }

        await Deploys.SendAsync(http, bayou, now - length, now, ct);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The shop's last {length.TotalHours} hours are in: {sent} requests."));
    }

    private async Task<bool> HasHistoryAsync(DateTimeOffset now, CancellationToken ct)
    {
        var answer = await http.GetFromJsonAsync<JsonElement>(new Uri(bayou, "/metrics/services"), ct);
        return answer.GetProperty("data").EnumerateArray()
            .Any(known => known.GetProperty("service").GetString() == "shop" && known.GetProperty("first_seen").GetDateTimeOffset() < now.AddHours(-1));
    }

    private async Task<int> SendAsync(DateTimeOffset from, DateTimeOffset to, Random random, ShopLog log, CancellationToken ct)
    {
        var lines = new StringBuilder();
        var count = 0;
        for (var at = from; at < to; at += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / (rate * ShopModel.Load(at))))
        {
            var route = ShopModel.Pick(ShopModel.Routes, r => r.Weight * LiveTraffic.Attraction(r, at), random);
            var outcome = ShopModel.Sample(route, at, random);
            lines.AppendLine(JsonSerializer.Serialize(new
            {
                service = "shop",
                method = route.Method,
                route = route.Template,
                status = outcome.Status,
                duration_ms = outcome.Duration.TotalMilliseconds,
                time = at.ToUnixTimeMilliseconds(),
                request_size = outcome.RequestBytes,
                response_size = outcome.ResponseBytes,
                country = LiveTraffic.CountryOf(at, random),
            }));
            (history.Time, history.Endpoint) = (at + outcome.Duration, $"{route.Method} {route.Template}");
            log.Answered(route, outcome);
            count++;
        }

        await PostAsync("/ingest/v1/requests", lines.ToString(), ct);
        await PostAsync("/ingest/v1/logs", history.Take(), ct);

        return count;
    }

    /// <summary>With one key until it is taken, so that it counts once.</summary>
    private async Task PostAsync(string path, string body, CancellationToken ct)
    {
        var key = $"shop-backfill-{Guid.NewGuid()}";
        while (body.Length > 0)
        {
            using var request =
                new HttpRequestMessage(HttpMethod.Post, new Uri(bayou, path)) { Content = new StringContent(body, Encoding.UTF8, "application/x-ndjson") };
            request.Headers.Add("Idempotency-Key", key);
            using var response = await http.SendAsync(request, ct);
            if ((int)response.StatusCode is not (429 or 503))
            {
                response.EnsureSuccessStatusCode();
                return;
            }

            await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), ct);
        }
    }

    private static DateTimeOffset Floor(DateTimeOffset at, TimeSpan step) => at.AddTicks(-(at.Ticks % step.Ticks));
}
