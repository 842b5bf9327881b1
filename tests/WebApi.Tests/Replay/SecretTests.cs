using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Bayou.Replay;

/// <summary>A secret in each place where one may be, each of its own: none is found again, neither in the database nor in what the server says.</summary>
public sealed class SecretTests
{
    private readonly List<string> _canaries = [];

    [Fact]
    public async Task No_secret_is_found_again_wherever_it_was()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database);
        var card = Card();
        var items = new JsonArray
        {
            Item("/a", new()
            {
                ["headers"] = new JsonObject
                {
                    ["Authorization"] = $"Bearer {New()}", ["Proxy-Authorization"] = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"u:{New()}"))}",
                    ["Cookie"] = $"session={New()}; theme={New()}", ["X-Api-Key"] = New(), ["X-Session-Token"] = New(), ["x-csrf"] = New(),
                    ["X-Note"] = $"see https://u:{New()}@example.com/", ["x-forwarded-for"] = "203.0.113.99",
                },
                ["query"] = $"q=1&access_token={New()}&pass%77ord={New()}&user%5Bsecret%5D={New()}&note={Jwt()}",
                ["body"] = new JsonObject
                {
                    ["password"] = New(), ["user"] = new JsonObject { ["credentials"] = new JsonArray(New(), New()), ["pin"] = Number() },
                    ["note"] = $"client_secret={New()}", ["inner"] = new JsonObject { ["apiKey"] = New() }.ToJsonString(), ["card"] = card, ["jwt2"] = Jwt(),
                },
                ["response_headers"] = new JsonObject { ["set-cookie"] = $"s={New()}; HttpOnly" },
                ["response_body"] = new JsonObject { ["access_token"] = New(), ["data"] = new JsonObject { ["refreshToken"] = New() } },
                ["error"] = $"System.Exception: password={New()} was wrong\n   at A.B()",
            }),
            Item($"/invites/{New()}/accept", new() { ["route"] = "/invites/{token}/accept", ["client_address"] = "203.0.113.99" }),
            Item($"/reset-password/{New()}", new() { ["query"] = new JsonObject { ["secret"] = New() } }),
            Item("/form", new()
            {
                ["headers"] = new JsonObject { ["content-type"] = "application/x-www-form-urlencoded" },
                ["body"] = $"user=ann&password={New()}&card={Uri.EscapeDataString(Card())}",
            }),
            Item("/xml", new() { ["body"] = $"<login><password>{New()}</password></login>" }),
            Item("/cut", new() { ["body"] = $$"""{"a":1,"password":"{{New()}}""", ["body_truncated"] = true }),
            Item("/text", new() { ["response_body"] = $"-----BEGIN PRIVATE KEY-----\n{New()}\n-----END PRIVATE KEY-----" }),
        };
        var escaped = items.ToJsonString().Replace("\"password\"", "\"\\u0070assword\"", StringComparison.Ordinal);
        foreach (var json in (string[])[items.ToJsonString(), escaped])
        {
            var (status, body) = await server.PostAsync(new StringContent(json, Encoding.UTF8, "application/json"), path: "/ingest/v1/snapshots");
            Assert.Equal((HttpStatusCode.Accepted, 0), (status, (int)body["data"]!["rejected"]!));
        }

        await server.SendLogsAsync(new[]
        {
            new { source = "s", level = "info", message = $"login with password={New()} of ann", meta = new { password = New(), url = $"/x?token={New()}" } },
            new { source = "s", level = "info", message = $"sent Authorization: Bearer {New()}", meta = new { password = New(), url = Jwt() } },
        });
        await server.PutTargetAsync("s", "http://127.0.0.1:9", new { Authorization = $"Bearer {New()}" });
        var first = (long)(await server.DataAsync($"/replay?path=/form")).AsArray()[0]!["id"]!;
        using var replayed = await server.Http.PostAsJsonAsync(
            new Uri($"/replay/{first}/replay", UriKind.Relative), new { confirm = true, body = $"password={New()}" }, BayouServer.Ct);

        var told = new StringBuilder(await replayed.Content.ReadAsStringAsync(BayouServer.Ct));
        string[] paths =
        [
            "/replay?limit=1000", "/replay?search=password", "/replay/facets", $"/replay/{first}", $"/replay/{first}/replays", "/logs?limit=1000",
            "/logs/patterns", "/logs/export?format=ndjson", "/logs/export?format=csv", "/audit?limit=1000", "/replay/targets",
        ];
        foreach (var path in paths)
        {
            told.Append(await server.Http.GetStringAsync(new Uri(path, UriKind.Relative), BayouServer.Ct));
        }

        Assert.True(_canaries.Count > 40, $"{_canaries.Count} were made");
        var stored = await DumpAsync(server);
        var found = _canaries.Where(canary => Forms(canary).Any(form =>
            told.ToString().Contains(form, StringComparison.OrdinalIgnoreCase) || stored.Contains(form, StringComparison.OrdinalIgnoreCase))).ToList();
        Assert.True(found.Count == 0, string.Join('\n', found.Select(canary => $"{canary} in {Around(told.ToString(), canary)}{Around(stored, canary)}")));
        Assert.DoesNotContain("203.0.113.99", told.ToString() + stored, StringComparison.Ordinal);
        Assert.Contains("[redacted", stored, StringComparison.Ordinal); // It was looked for where it would be.
    }

    private static string Around(string text, string canary) => Forms(canary).Select(form => text.IndexOf(form, StringComparison.OrdinalIgnoreCase))
        .Where(at => at >= 0).Select(at => text[Math.Max(0, at - 200)..Math.Min(text.Length, at + 100)]).FirstOrDefault("");

    private static JsonObject Item(string path, JsonObject more)
    {
        (more["service"], more["method"], more["path"], more["status_code"], more["duration"]) = ("s", "POST", path, 500, 1);
        return more;
    }

    private string New()
    {
        var canary = $"cnry{Guid.NewGuid():N}"[..24];
        _canaries.Add(canary);
        return canary;
    }

    private long Number()
    {
        var number = Random.Shared.NextInt64(1_000_000_000, 1_999_999_999);
        _canaries.Add(number.ToString(CultureInfo.InvariantCulture));
        return number;
    }

    private string Jwt()
    {
        static string Part(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var payload = Part($$"""{"sub":"{{Guid.NewGuid():N}}"}""");
        _canaries.Add(payload);
        return $"{Part("""{"alg":"HS256","typ":"JWT"}""")}.{payload}.{Part(Guid.NewGuid().ToString("N"))}";
    }

    /// <summary>Digits with Luhn's check, in groups.</summary>
    private string Card()
    {
        var digits = $"4{Random.Shared.NextInt64(10_000_000_000_000, 99_999_999_999_999)}".Select(c => c - '0').ToArray();
        var sum = digits.Reverse().Select((digit, at) => at % 2 == 0 ? (digit * 2) > 9 ? (digit * 2) - 9 : digit * 2 : digit).Sum();
        var card = string.Concat(digits.Append((10 - (sum % 10)) % 10));
        var grouped = string.Join(' ', card.Chunk(4).Select(group => new string(group)));
        _canaries.AddRange([card, grouped]);
        return grouped;
    }

    /// <summary>As it is, and as it may have been written down.</summary>
    private static string[] Forms(string canary) =>
    [
        canary, Uri.EscapeDataString(canary), Convert.ToHexString(Encoding.UTF8.GetBytes(canary)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(canary))[..^4], new([.. canary.Reverse()]),
    ];

    /// <summary>Every row of every table as a text.</summary>
    private static async Task<string> DumpAsync(BayouServer server)
    {
        var tables = new List<string>();
        await using (var list = server.Db.CreateCommand("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"))
        {
            await using var reader = await list.ExecuteReaderAsync(BayouServer.Ct);
            while (await reader.ReadAsync(BayouServer.Ct))
            {
                tables.Add(reader.GetString(0));
            }
        }

        var all = new StringBuilder();
        foreach (var table in tables)
        {
            await using var command = server.Db.CreateCommand($"SELECT coalesce(string_agg(t::text, E'\n'), '') FROM {table} t");
            all.Append((string)(await command.ExecuteScalarAsync(BayouServer.Ct))!).Append('\n');
        }

        return all.ToString();
    }
}
