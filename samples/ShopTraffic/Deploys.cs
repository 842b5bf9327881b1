using System.Net.Http.Json;

namespace Shop;

/// <summary>Tells Bayou of the shop's deploys, as a pipeline would.</summary>
internal static class Deploys
{
    /// <summary>The bad ones that begin in a range, and those that roll them back.</summary>
    public static async Task SendAsync(HttpClient http, Uri bayou, DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        var deploys = Incident.Between(from.AddHours(-1), to)
            .Where(incident => incident.Version is not null)
            .SelectMany(incident => new[] { (incident.Version!, incident.Start), (incident.GoodVersion!, incident.End) })
            .Where(deploy => deploy.Item2 >= from && deploy.Item2 < to);
        foreach (var (version, time) in deploys)
        {
            using var response = await http.PostAsJsonAsync(new Uri(bayou, "/ingest/v1/deploys"), new { service = "shop", version, time }, ct);
            response.EnsureSuccessStatusCode();
        }
    }
}
