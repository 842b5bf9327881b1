using Bayou.Http;
using Bayou.Ingest;
using Bayou.Requests;

namespace Bayou.Bench;

/// <summary>The least that taking events can cost: the same server reads the same bodies, and forgets them.</summary>
internal static class Discard
{
    public static async Task RunAsync(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        using var bodies = new RequestBody(BodyBudget.OfThisMachine);
        app.MapGet("/health/liveness", () => "ready");
        app.MapPost("/ingest/v1/requests", async (HttpContext http, CancellationToken ct) =>
        {
            var (body, _) = await bodies.ReadAsync(http, 64 * 1024 * 1024, ct);
            using var taken = body;
            http.Response.StatusCode = Count(taken!.Bytes.Span) > 0 ? StatusCodes.Status202Accepted : StatusCodes.Status400BadRequest;
        });
        await app.RunAsync();
    }

    private static int Count(ReadOnlySpan<byte> body)
    {
        var count = 0;
        for (var items = new ItemSplitter(body); items.MoveNext();)
        {
            count += PlainItem.TryRead(items.Current, DateTime.MinValue, DateTime.MaxValue, out _) ? 1 : 0;
        }

        return count;
    }
}
