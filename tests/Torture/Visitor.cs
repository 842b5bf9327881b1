using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Bayou.Torture;

/// <summary>Somebody at the page of a project: asks what it asks, and changes what it changes, at any web node that is open. Each must be answered.</summary>
internal sealed class Visitor(Nodes nodes, int project)
{
    private static readonly string[] Questions =
    [
        "/metrics?limit=50", "/metrics/summary", "/metrics/top", "/metrics/endpoints", "/metrics/services", "/logs?limit=50", "/logs/patterns", "/logs/facets",
        "/replay?limit=50", "/replay/facets", "/worker/jobs", "/worker/stats", "/worker/schedules", "/cluster", "/info", "/auth/me", "/health",
    ];

    private int _turn;
    private int _answered;

    public List<string> Failures { get; } = [];

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        var schedule = await AskAsync(HttpMethod.Post, "/worker/schedules", new { name = "visitor", type = "noop", every_seconds = 3600 }, ct);
        while (!stop.IsCancellationRequested)
        {
            foreach (var question in Questions)
            {
                await AskAsync(HttpMethod.Get, question, null, ct);
            }

            await AskAsync(HttpMethod.Post, "/worker/jobs", new { type = "noop" }, ct);
            await AskAsync(HttpMethod.Patch, $"/worker/schedules/{schedule?["data"]?["id"]}", new { enabled = _turn % 2 == 0 }, ct); // Calls a grain.
            await Task.Delay(100, ct);
        }
    }

    public override string ToString() => $"{_answered} questions answered";

    private async Task<JsonNode?> AskAsync(HttpMethod method, string path, object? body, CancellationToken ct)
    {
        var open = nodes.Webs.Where(node => node.IsOpen).ToList();
        var node = open.Count > 0 ? open[_turn++ % open.Count] : nodes.Webs[0];
        var address = new Uri(node.Url, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}project={project}");
        try
        {
            using var request = new HttpRequestMessage(method, address) { Content = body is null ? null : JsonContent.Create(body) };
            using var response = await nodes.Http.SendAsync(request, ct);
            var text = await response.Content.ReadAsStringAsync(ct);
            if (response.IsSuccessStatusCode)
            {
                _answered++;
                return JsonNode.Parse(text);
            }

            Failures.Add($"{method} {path} at {node.Name}: {(int)response.StatusCode} {text}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            Failures.Add($"{method} {path} at {node.Name}: {e.Message}");
        }

        return null;
    }
}
