using System.IO.Compression;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Bayou.Monitor;

/// <summary>Stands in for Bayou on real HTTP: keeps what it was sent, and answers as it is told.</summary>
public sealed class FakeBayou : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly List<Received> _received = [];
    private readonly List<(Func<bool> Holds, TaskCompletionSource Met)> _waiting = [];

    private FakeBayou(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port}");
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.UseRouting();
        _app.MapPost("/ingest/v1/requests", TakeAsync);
        _app.MapPost("/ingest/v1/logs", TakeAsync);
        _app.MapPost("/ingest/v1/snapshots", TakeAsync);
    }

    /// <summary>What it answers; 202 unless told. Null cuts the connection.</summary>
    public Func<Received, int?> Answer { get; set; } = _ => 202;

    /// <summary>Whether something in front of it answers, and not Bayou itself.</summary>
    public bool Foreign { get; set; }

    public Uri Url { get; private set; } = null!;

    /// <summary>Batches that have come, answered or not yet.</summary>
    public int Arrived { get; private set; }

    public IReadOnlyList<Received> Received
    {
        get
        {
            lock (_gate)
            {
                return [.. _received];
            }
        }
    }

    /// <summary>Every item of the batches it answered 202, each key once.</summary>
    public IReadOnlyList<JsonNode> Items => [.. Received.Where(r => r.Status == 202).DistinctBy(r => r.Key).SelectMany(r => r.Items)];

    public static async Task<FakeBayou> StartAsync(int port = 0)
    {
        var fake = new FakeBayou(port);
        await fake._app.StartAsync(TestContext.Current.CancellationToken);
        fake.Url = new(fake._app.Urls.Single());
        return fake;
    }

    /// <summary>Completes when the condition holds after some request; the test's time-out is its limit.</summary>
    public Task UntilAsync(Func<FakeBayou, bool> condition)
    {
        lock (_gate)
        {
            var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((() => condition(this), met));
            Check();
            return met.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        await using var gzip = new GZipStream(http.Request.Body, CompressionMode.Decompress);
        using var text = new StreamReader(gzip);
        var items = JsonNode.Parse(await text.ReadToEndAsync(http.RequestAborted))!.AsArray();
        var received = new Received(http.Request.Headers["Idempotency-Key"].ToString(), [.. items.Select(item => item!)],
            http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        lock (_gate)
        {
            Arrived++;
            Check();
        }

        received = received with { Status = Answer(received) };
        if (received.Status is { } status)
        {
            http.Response.StatusCode = status;
            await http.Response.WriteAsync(status == 202
                ? """{"data":{"accepted":1,"rejected":0,"errors":[]},"error":null,"metadata":null}"""
                : Foreign ? "<html>a proxy</html>"
                : $$"""{"data":null,"error":{"code":"{{(status == 400 ? "VALIDATION_ERROR" : "OTHER")}}","message":"told to"},"metadata":null}""",
                http.RequestAborted);
        }

        lock (_gate)
        {
            _received.Add(received);
            Check();
        }

        if (received.Status is null)
        {
            http.Abort();
        }
    }

    private void Check()
    {
        foreach (var (holds, met) in _waiting)
        {
            if (holds())
            {
                met.TrySetResult();
            }
        }
    }
}

public sealed record Received(string Key, IReadOnlyList<JsonNode> Items, IReadOnlyDictionary<string, string> Headers)
{
    public int? Status { get; init; }
}
