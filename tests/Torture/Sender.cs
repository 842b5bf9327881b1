using System.Diagnostics;
using System.Net;
using System.Text;

namespace Bayou.Torture;

/// <summary>
/// Sends batches with keys, each until it is taken, to whichever node answers; now and then the same again although it was
/// taken, and sometimes to two nodes at once.
/// </summary>
/// <param name="number">Names its batches; those of other projects may have the same names.</param>
/// <param name="makeBatch">Makes the next.</param>
/// <param name="pause">Milliseconds between two batches, at most.</param>
internal sealed class Sender(Nodes nodes, Ledger ledger, int number, int seed, int project, int pause, Func<Random, int, Batch> makeBatch)
{
    private const double Duplicates = 0.15;
    private readonly Random _random = new(seed);

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var batch = makeBatch(_random, project);
            var key = $"torture-{number}-{i}";
            var started = Stopwatch.GetTimestamp();
            await UntilTakenAsync(batch, key, ct);
            ledger.Acknowledged(batch, Stopwatch.GetElapsedTime(started));
            if (_random.NextDouble() < Duplicates)
            {
                ledger.Duplicated();
                await Task.WhenAll(TryAsync(Pick(), batch, key, ct), TryAsync(Pick(), batch, key, ct));
                ledger.Duplicated();
            }

            await Task.Delay(_random.Next(0, pause), ct);
        }
    }

    private async Task UntilTakenAsync(Batch batch, string key, CancellationToken ct)
    {
        while (true)
        {
            switch (await TryAsync(Pick(), batch, key, ct))
            {
                case HttpStatusCode.Accepted or HttpStatusCode.OK:
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
    private async Task<HttpStatusCode?> TryAsync(Node node, Batch batch, string key, CancellationToken ct)
    {
        ledger.Tried();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post,
                new Uri(node.Url, batch.Path)) { Content = new StringContent(batch.Body, Encoding.UTF8, "application/json") };
            request.Headers.Add("Idempotency-Key", key);
            using var response = await nodes.Http.SendAsync(request, ct);
            return response.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }
}
