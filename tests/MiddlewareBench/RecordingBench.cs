using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http.Features;

namespace Bayou.Bench;

/// <summary>What the middleware adds to a request, beside the same pipeline without it; and what capturing adds, where the request is not kept.</summary>
public class RecordingBench
{
    private const int BodyBytes = 2_000;

    private readonly MemoryStream _body = new(new byte[BodyBytes]);
    private readonly byte[] _answer = new byte[BodyBytes];
    private readonly byte[] _buffer = new byte[4_096];
    private RequestDelegate _with = null!;
    private RequestDelegate _without = null!;
    private RequestDelegate _posted = null!;
    private RequestDelegate _captured = null!;
    private DefaultHttpContext _http = null!;

    [GlobalSetup]
    public void SetUp()
    {
        var (plain, capturing) = (Services(captures: false), Services(captures: true));
        (_with, _without) = (Pipeline(plain, isRecorded: true, Answer), Pipeline(plain, isRecorded: false, Answer));
        (_posted, _captured) = (Pipeline(plain, isRecorded: true, EchoAsync), Pipeline(capturing, isRecorded: true, EchoAsync));
        _http = new DefaultHttpContext { RequestServices = plain };
        _http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        _http.Request.Path = "/a";
    }

    [Benchmark]
    public Task With() => AskAsync(_with);

    [Benchmark(Baseline = true)]
    public Task Without() => AskAsync(_without);

    [Benchmark]
    public Task Posted() => PostAsync(_posted);

    [Benchmark]
    public Task PostedCapturing() => PostAsync(_captured);

    private static IServiceProvider Services(bool captures)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddBayou(bayou =>
        {
            bayou.Service = "bench";
            (bayou.Capture.Enabled, bayou.Capture.Share) = (captures, 0);
        });
        return builder.Build().Services;
    }

    private static RequestDelegate Pipeline(IServiceProvider services, bool isRecorded, RequestDelegate answer)
    {
        var pipeline = new ApplicationBuilder(services);
        if (isRecorded)
        {
            pipeline.UseBayou();
        }

        pipeline.Run(answer);
        return pipeline.Build();
    }

    private static Task Answer(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private async Task EchoAsync(HttpContext http)
    {
        while (await http.Request.Body.ReadAsync(_buffer, http.RequestAborted) > 0)
        {
        }

        await http.Response.Body.WriteAsync(_answer, http.RequestAborted);
    }

    private Task AskAsync(RequestDelegate pipeline)
    {
        _http.Features.Set<IEndpointFeature>(null); // As a new request has it.
        _http.Request.Method = "GET";
        return pipeline(_http);
    }

    private Task PostAsync(RequestDelegate pipeline)
    {
        _http.Features.Set<IEndpointFeature>(null);
        (_http.Request.Method, _http.Request.Body, _http.Request.ContentLength, _http.Request.ContentType) = ("POST", _body, BodyBytes, "application/json");
        _body.Position = 0;
        return pipeline(_http);
    }
}
