using System.Net;
using System.Text;

namespace Bayou.Torture;

/// <summary>Asks for jobs in lists with keys, each list until it is taken, now and then again although it was.</summary>
internal sealed class JobSender(Nodes nodes, int number, int seed)
{
    private const int MostOfList = 100;
    private const int MostPause = 150; // milliseconds
    private readonly Random _random = new(seed);

    /// <summary>Jobs that were taken.</summary>
    public long Taken { get; private set; }

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var count = _random.Next(1, MostOfList);
            var body = $"[{string.Join(',', Enumerable.Repeat($$"""{"type":"{{RowJob.Name}}","priority":{{_random.Next(4)}}}""", count))}]";
            var key = $"jobs-{number}-{i}";
            while (await TryAsync(body, key, ct) != HttpStatusCode.Accepted)
            {
                await Task.Delay(_random.Next(50, 250), ct);
            }

            Taken += count;
            if (_random.NextDouble() < 0.15)
            {
                await TryAsync(body, key, ct);
            }

            await Task.Delay(_random.Next(MostPause), ct);
        }
    }

    private async Task<HttpStatusCode?> TryAsync(string body, string key, CancellationToken ct)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(nodes.Webs[_random.Next(nodes.Webs.Count)].Url, "/worker/jobs"))
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"), Headers = { { "Idempotency-Key", key } },
            };
            using var response = await nodes.Http.SendAsync(request, ct);
            return response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Conflict
                ? throw new InvalidOperationException($"A good list was answered {response.StatusCode}.") : response.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }
}
