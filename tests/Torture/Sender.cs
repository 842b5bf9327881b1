using System.Net;
using System.Text;
using System.Text.Json;

namespace Bayou.Torture;

/// <summary>
/// Sends batches with keys, each until it is taken, to whichever node answers; now and then the same again although it was
/// taken, and sometimes to two nodes at once.
/// </summary>
internal sealed class Sender(Nodes nodes, Ledger ledger, int number, int seed)
{
    private const double Duplicates = 0.15;
    private readonly Random _random = new(seed);

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var (body, cells) = Batch();
            var key = $"torture-{seed}-{number}-{i}";
            await UntilTakenAsync(body, key, ct);
            ledger.Acknowledged(cells);
            if (_random.NextDouble() < Duplicates)
            {
                ledger.Duplicated();
                await Task.WhenAll(TryAsync(Pick(), body, key, ct), TryAsync(Pick(), body, key, ct));
                ledger.Duplicated();
            }

            await Task.Delay(_random.Next(0, 40), ct);
        }
    }

    private async Task UntilTakenAsync(string body, string key, CancellationToken ct)
    {
        while (true)
        {
            switch (await TryAsync(Pick(), body, key, ct))
            {
                case HttpStatusCode.Accepted:
                    return;
                case null or HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError:
                    await Task.Delay(_random.Next(50, 250), ct);
                    break;
                case { } other:
                    throw new InvalidOperationException($"A good batch was answered {other}.");
            }
        }
    }

    private Node Pick()
    {
        var open = nodes.Webs.Where(node => node.IsOpen).ToList();
        return open.Count > 0 ? open[_random.Next(open.Count)] : nodes.Webs[0];
    }

    /// <returns>Null when there was no answer.</returns>
    private async Task<HttpStatusCode?> TryAsync(Node node, string body, string key, CancellationToken ct)
    {
        ledger.Tried();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(node.Url, "/ingest/v1/requests")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Add("Idempotency-Key", key);
            using var response = await nodes.Http.SendAsync(request, ct);
            return response.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private (string Body, List<Cell> Cells) Batch()
    {
        var now = DateTimeOffset.UtcNow;
        var items = new List<object>();
        var cells = new List<Cell>();
        for (var i = _random.Next(1, 120); i > 0; i--)
        {
            // Mostly of now; some late, some of windows that are long over.
            var at = now - (_random.NextDouble() switch { < 0.8 => TimeSpan.FromSeconds(_random.Next(0, 5)), < 0.9 => TimeSpan.FromMinutes(_random.Next(1, 9)), _ => TimeSpan.FromMinutes(_random.Next(11, 300)) });
            var (route, status) = ($"/r{_random.Next(12)}", _random.NextDouble() < 0.9 ? 200 : 500 + _random.Next(4));
            items.Add(new { service = "torture", method = "GET", route, status, duration_ms = _random.Next(1, 900), time = at.ToUnixTimeMilliseconds() });
            cells.Add(new("torture", $"GET {route}", status, at.ToUnixTimeSeconds() / 60 * 60));
        }

        return (JsonSerializer.Serialize(items), cells);
    }
}
