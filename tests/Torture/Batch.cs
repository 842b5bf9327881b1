using System.Text.Json;

namespace Bayou.Torture;

/// <summary>What is sent at once, and what counts when it is taken.</summary>
/// <param name="Rows">Of the feed.</param>
internal sealed record Batch(int Project, string Path, string Body, IReadOnlyList<Cell> Cells, Feed Feed, IReadOnlyList<string> Rows)
{
    private static readonly string[] Levels = ["debug", "info", "warn", "error"];
    private static long _lines;

    /// <summary>The service whose requests are known by its spans.</summary>
    public const string Traced = "traced";

    public static Batch OfRequests(Random random, int project)
    {
        var now = DateTimeOffset.UtcNow;
        var items = new List<object>();
        var cells = new List<Cell>();
        for (var i = random.Next(1, 120); i > 0; i--)
        {
            var at = now - Age(random);
            var (route, status) = ($"/r{random.Next(12)}", random.NextDouble() < 0.9 ? 200 : 500 + random.Next(4));
            items.Add(new { service = "torture", method = "GET", route, status, duration_ms = random.Next(1, 900), time = at.ToUnixTimeMilliseconds() });
            cells.Add(new(project, "torture", $"GET {route}", status, at.ToUnixTimeSeconds() / 60 * 60));
        }

        return new(project, $"/ingest/v1/requests?project={project}", JsonSerializer.Serialize(items), cells, Feed.Logs, []);
    }

    /// <summary>Each line is one of its kind.</summary>
    public static Batch OfLogs(Random random, int project)
    {
        var lines = Enumerable.Range(0, random.Next(1, 120)).Select(_ => $"line {Interlocked.Increment(ref _lines)} of task {(char)('a' + random.Next(26))}")
            .ToList();
        return new(project, $"/ingest/v1/logs?project={project}", JsonSerializer.Serialize(lines.Select(message => new
        {
            source = FeedReader.Source, level = Levels[random.Next(Levels.Length)], message, time = (DateTimeOffset.UtcNow - Age(random))
                .ToUnixTimeMilliseconds(),
        })), [], Feed.Logs, lines);
    }

    /// <summary>Each captured request has a body of its own.</summary>
    public static Batch OfSnapshots(Random random, int project)
    {
        var bodies = Enumerable.Range(0, random.Next(1, 40)).Select(_ => $"request {Interlocked.Increment(ref _lines)}").ToList();
        return new(project, $"/ingest/v1/snapshots?project={project}", JsonSerializer.Serialize(bodies.Select(body => new
        {
            service = FeedReader.Source, method = "POST", path = $"/r{random.Next(12)}", status_code = random.Next(10) == 0 ? 500 : 200,
            duration = random.Next(1, 900), body, time = (DateTimeOffset.UtcNow - Age(random)).ToUnixTimeMilliseconds(),
        })), [], Feed.Replay, bodies);
    }

    /// <summary>Each span has a name of its own, and is a request too: those are counted, though of these nothing else is told.</summary>
    public static Batch OfSpans(Random random, int project)
    {
        var names = Enumerable.Range(0, random.Next(1, 60)).Select(_ => $"span {Interlocked.Increment(ref _lines)}").ToList();
        var cells = new List<Cell>();
        var spans = names.Select(name =>
        {
            var at = DateTimeOffset.UtcNow - Age(random);
            var (route, status) = ($"/t{random.Next(12)}", random.NextDouble() < 0.9 ? 200 : 500 + random.Next(4));
            cells.Add(new(project, Traced, $"GET {route}", status, at.ToUnixTimeSeconds() / 60 * 60));
            var start = at.ToUnixTimeMilliseconds() * 1_000_000;
            return new
            {
                traceId = Id(random, 16), spanId = Id(random, 8), name, kind = 2, startTimeUnixNano = $"{start}", endTimeUnixNano = $"{start + 5_000_000}",
                attributes = new object[]
                {
                    new { key = "http.request.method", value = new { stringValue = "GET" } }, new { key = "http.route", value = new { stringValue = route } },
                    new { key = "http.response.status_code", value = new { intValue = $"{status}" } },
                },
            };
        }).ToList();
        var resource = new { attributes = new[] { new { key = "service.name", value = new { stringValue = Traced } } } };
        var body = new { resourceSpans = new[] { new { resource, scopeSpans = new[] { new { spans } } } } };
        return new(project, $"/v1/traces?project={project}", JsonSerializer.Serialize(body), cells, Feed.Traces, names);
    }

    private static string Id(Random random, int bytes)
    {
        var id = new byte[bytes];
        random.NextBytes(id);
        id[0] |= 1; // never all zeros
        return Convert.ToHexStringLower(id);
    }

    // Mostly of now; some late, some of windows that are long over.
    private static TimeSpan Age(Random random) => random.NextDouble() switch
    {
        < 0.8 => TimeSpan.FromSeconds(random.Next(0, 5)),
        < 0.9 => TimeSpan.FromMinutes(random.Next(1, 9)),
        _ => TimeSpan.FromMinutes(random.Next(11, 300)),
    };
}
