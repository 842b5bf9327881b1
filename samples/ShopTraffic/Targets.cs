using System.Net.Http.Json;

namespace Shop;

/// <summary>Says to Bayou where the shop is reached, so that captured requests can be sent to it again.</summary>
internal static class Targets
{
    public static async Task TellAsync(HttpClient http, Uri bayou, Uri shop, CancellationToken ct)
    {
        using var response = await http.PutAsJsonAsync(new Uri(bayou, "/replay/targets/shop"), new { base_url = shop }, ct);
        if (!response.IsSuccessStatusCode)
        {
            await Console.Error.WriteLineAsync(
                $"Bayou was not told where the shop is ({(int)response.StatusCode}): to send captured requests again, register {shop} in Settings, Targets.");
        }
    }
}
