using System.Globalization;
using System.Text;

namespace Shop;

/// <summary>Calls the shop as its customers would, for ever.</summary>
internal sealed class LiveTraffic(HttpClient http, Uri shop, Uri bayou, double rate)
{
    private const int MaxAtOnce = 100;
    private const double Strays = 0.004; // of the calls go to addresses that are none
    private const double Impatient = 0.01; // of the callers leave after a second
    private static readonly TimeSpan DeployCheck = TimeSpan.FromSeconds(10);

    public async Task RunAsync(CancellationToken ct)
    {
        var random = new Random();
        using var free = new SemaphoreSlim(MaxAtOnce);
        var told = DateTimeOffset.UtcNow;
        while (true)
        {
            var now = DateTimeOffset.UtcNow;
            if (now - told > DeployCheck)
            {
                await TellDeploysAsync(told, now, ct);
                told = now;
            }

            await Task.Delay(TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / (rate * ShopModel.Load(now))), ct);
            await free.WaitAsync(ct);
            _ = CallAsync(now, random.Next(), free, ct);
        }
    }

    /// <summary>A crawler goes where its incident is.</summary>
    public static double Attraction(ShopRoute route, DateTimeOffset at) => Incident.At(at) is { Load: > 1 } crawl && crawl.Touches(route) ? 6 : 1;

    public static string CountryOf(DateTimeOffset at, Random random) => Incident.At(at) is { Country: { } country } && random.NextDouble() < 0.55
        ? country
        : ShopModel.Pick(ShopModel.Countries, c => c.Weight, random).Country;

    private async Task CallAsync(DateTimeOffset at, int seed, SemaphoreSlim free, CancellationToken ct)
    {
        var random = new Random(seed);
        var route = ShopModel.Pick(ShopModel.Routes, r => r.Weight * Attraction(r, at), random);
        var path = random.NextDouble() < Strays ? "/wp-login.php"
            : route.Path.Replace("#", random.Next(1, 5_000).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        if (random.NextDouble() < Impatient)
        {
            patience.CancelAfter(TimeSpan.FromSeconds(1));
        }

        try
        {
            using var request = new HttpRequestMessage(new HttpMethod(route.Method), new Uri(shop, path));
            request.Headers.Add("CF-IPCountry", CountryOf(at, random));
            if (ShopMessages.Request(route, random) is { } body)
            {
                request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            }

            using var response = await http.SendAsync(request, patience.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            // A caller that leaves, or a shop that stops: traffic goes on.
        }
        finally
        {
            free.Release();
        }
    }

    private async Task TellDeploysAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        try
        {
            await Deploys.SendAsync(http, bayou, from, to, ct);
        }
        catch (HttpRequestException e)
        {
            await Console.Error.WriteLineAsync($"A deploy could not be told: {e.Message}");
        }
    }
}
