using System.Diagnostics;

namespace Shop;

/// <summary>A small shop. Every route takes the time and fails the way <see cref="ShopModel"/> says.</summary>
public static class ShopEndpoints
{
    public static void MapShop(this IEndpointRouteBuilder app)
    {
        foreach (var route in ShopModel.Routes)
        {
            app.MapMethods(route.Template, [route.Method], 
                (HttpContext http, ShopLog log, ShopBug bug, TimeProvider time) => AnswerAsync(route, http, log, bug, time));
        }
    }

    private static async Task AnswerAsync(ShopRoute route, HttpContext http, ShopLog log, ShopBug bug, TimeProvider time)
    {
        var started = Stopwatch.GetTimestamp();
        var outcome = ShopModel.Sample(route, time.GetUtcNow(), Random.Shared);
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync(http.RequestAborted);
        if (route.Template == "/checkout")
        {
            bug.Price(body);
        }

        await ShopTraces.SpendAsync(route, outcome, outcome.Duration - Stopwatch.GetElapsedTime(started), time, http.RequestAborted);
        log.Answered(route, outcome);
        if (outcome.Status == StatusCodes.Status500InternalServerError)
        {
            throw new InvalidOperationException($"{route.Template} failed, as it does now and then.");
        }

        http.Response.StatusCode = outcome.Status;
        if (outcome.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(ShopMessages.Answer(route, outcome), http.RequestAborted);
        }
    }
}
