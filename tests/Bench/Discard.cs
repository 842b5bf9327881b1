using System.Buffers;
using Bayou.Http;
using Bayou.Ingest;

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
        app.MapGet("/health/liveness", () => "ready");
        app.MapPost("/ingest/v1/requests", async (HttpContext http, CancellationToken ct) =>
        {
            var (body, _) = await RequestBody.ReadAsync(http, 64 * 1024 * 1024, ct);
            http.Response.StatusCode = Count(body) > 0 ? StatusCodes.Status202Accepted : StatusCodes.Status400BadRequest;
            ArrayPool<byte>.Shared.Return(body.Array!);
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
