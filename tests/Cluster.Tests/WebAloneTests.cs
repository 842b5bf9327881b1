using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Bayou.Cluster;

/// <summary>A web node as a process of its own, without any silo.</summary>
public sealed class WebAloneTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_serves_acknowledges_and_delivers_when_there_is_a_silo()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var http = new HttpClient();
        await using var web = new Node("WebApi.dll", database.Url, ("Bayou__Roles", "ingest,query"));
        await Eventually.SeesAsync(
            () => Eventually.AnswersAsync(() => StatusAsync("/health/readiness"), e => e is HttpRequestException), status => status == HttpStatusCode.OK);
        Assert.Equal("degraded", (string?)(await DataAsync("/health/worker"))["status"]);

        var time = DateTimeOffset.UtcNow.AddMinutes(-2);
        using var taken = await http.PostAsJsonAsync(new Uri(web.Url, "/ingest/v1/requests"),
            new[] { new { service = "alone", method = "GET", route = "/", status = 200, duration_ms = 1, time } }, Ct);
        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/metrics"));
        Assert.Equal(0, (long)(await DataAsync("/metrics/summary?service=alone"))["traffic"]!["value"]!);

        await using var silo = new Node("Silo.dll", database.Url);
        await Eventually.SeesAsync(async () => (long)(await DataAsync("/metrics/summary?service=alone"))["traffic"]!["value"]!, counted => counted == 1);

        Assert.Equal("healthy", (string?)(await DataAsync("/health/worker"))["status"]);

        async Task<JsonNode> DataAsync(string path) => JsonNode.Parse(await http.GetStringAsync(new Uri(web.Url, path), Ct))!["data"]!;

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var response = await http.GetAsync(new Uri(web.Url, path), Ct);
            return response.StatusCode;
        }
    }

    private sealed class Node : IAsyncDisposable
    {
        private readonly Process _process;

        public Node(string program, string database, params (string Name, string Value)[] settings)
        {
            Url = new($"http://127.0.0.1:{Ports.Claim()}");
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, program), "--urls", Url.ToString()])
            {
                Environment =
                {
                    ["BAYOU_DATABASE_URL"] = database,
                    ["Bayou__Database__AllowUnsafe"] = "true",
                    ["Bayou__Enabled"] = "false",
                    ["LOG_LEVEL"] = "Error",
                },
            };
            foreach (var (name, value) in settings.Concat(ClusterMember.Settings(program).Select(pair => (pair.Key, pair.Value))))
            {
                start.Environment[name] = value;
            }

            _process = Process.Start(start)!;
        }

        public Uri Url { get; }

        public async ValueTask DisposeAsync()
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
            _process.Dispose();
        }
    }
}
