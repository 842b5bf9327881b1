using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Bayou.Bench;

/// <summary>
/// What it costs to know who calls: the same calls with a key and without one, by turns, to a server where both may. The median of the turns is told, for
/// one of them may meet a flush.
/// </summary>
internal sealed class AccessBench(string url, Table table)
{
    private const int Turns = 31;
    private const int Questions = 500; // of a turn
    private const int Bodies = 20; // of a turn
    private const int Items = 500; // of a body
    private const string Question = "/health/worker"; // answered without asking the database

    public async Task RunAsync()
    {
        await using var server = await Server.LaunchAsync(
            "WebApi.dll", [], new(Server.Settings(url)) { ["Bayou__Access__RequestsPerMinute"] = "100000000" }); // Counted, and never too many.
        using var open = new HttpClient { BaseAddress = server.Url };
        using var made = await open.PostAsJsonAsync("/projects/1/keys", new { name = "bench", scopes = new[] { "ingest", "read" } });
        using var known = new HttpClient { BaseAddress = server.Url };
        known.DefaultRequestHeaders.Add("x-api-key", (string)JsonNode.Parse(await made.Content.ReadAsStringAsync())!["data"]!["key"]!);
        var (without, with) = await ByTurnsAsync(open, known, AskAsync);
        table.Add("access: a question, with a key", Micros(with), $"{Micros(without)} without one", "≤ 50 µs more");
        (without, with) = await ByTurnsAsync(open, known, SendAsync);
        table.Add("access: events/s of one sender, with a key", Rate(with), $"{Rate(without)} without one", "within 3 %");
        table.Add("access: ratio of the two", string.Create(CultureInfo.InvariantCulture, $"{without / with:0.000}"), "1", "≥ 0.97");

        // From here on nobody comes in without one.
        using var first = await open.PostAsJsonAsync("/auth/first", new { name = "Bench", email = "bench@example.com", password = $"{Guid.NewGuid()}" });
        using var person = new HttpClient { BaseAddress = server.Url };
        person.DefaultRequestHeaders.Authorization = new("Bearer", (string)JsonNode.Parse(await first.Content.ReadAsStringAsync())!["data"]!["access_token"]!);
        var (byKey, byToken) = await ByTurnsAsync(known, person, AskAsync);
        table.Add("access: a question, with an access token", Micros(byToken), $"{Micros(byKey)} with a key", "≤ 50 µs more");
    }

    private static string Micros(TimeSpan turn) => string.Create(CultureInfo.InvariantCulture, $"{turn.TotalMicroseconds / Questions:0} µs");

    private static string Rate(TimeSpan turn) => string.Create(CultureInfo.InvariantCulture, $"{Bodies * Items / turn.TotalSeconds:#,0}");

    private static async Task<(TimeSpan Without, TimeSpan With)> ByTurnsAsync(HttpClient open, HttpClient known, Func<HttpClient, Task> call)
    {
        var (without, with) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var turn = -3; turn < Turns; turn++) // The first are compiled for speed.
        {
            foreach (var (http, times) in turn % 2 == 0 ? [(open, without), (known, with)] : new[] { (known, with), (open, without) })
            {
                var clock = Stopwatch.StartNew();
                await call(http);
                if (turn >= 0)
                {
                    times.Add(clock.Elapsed);
                }
            }
        }

        return (without.Order().ElementAt(Turns / 2), with.Order().ElementAt(Turns / 2));
    }

    private static async Task AskAsync(HttpClient http)
    {
        for (var i = 0; i < Questions; i++)
        {
            using var response = await http.GetAsync(new Uri(Question, UriKind.Relative));
            response.EnsureSuccessStatusCode();
        }
    }

    private static async Task SendAsync(HttpClient http)
    {
        var body = JsonContent.Create(Enumerable.Range(0, Items).Select(i => new
        {
            service = "bench", method = "GET", route = $"/items/{i % 50}", status = 200, duration_ms = 5.5 + i, time = DateTimeOffset.UtcNow,
        }));
        var bytes = await body.ReadAsByteArrayAsync();
        for (var i = 0; i < Bodies; i++)
        {
            using var content = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } };
            using var response = await http.PostAsync(new Uri("/ingest/v1/requests", UriKind.Relative), content);
            response.EnsureSuccessStatusCode();
        }
    }
}
