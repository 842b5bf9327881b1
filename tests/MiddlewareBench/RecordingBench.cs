using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http.Features;

namespace Bayou.Bench;

/// <summary>What the middleware adds to a request, beside the same pipeline without it.</summary>
public class RecordingBench
{
    private RequestDelegate _with = null!;
    private RequestDelegate _without = null!;
    private DefaultHttpContext _http = null!;

    [GlobalSetup]
    public void SetUp()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddBayou(bayou => bayou.Service = "bench");
        var app = builder.Build();
        _with = Pipeline(app.Services, recorded: true);
        _without = Pipeline(app.Services, recorded: false);
        _http = new DefaultHttpContext { RequestServices = app.Services };
        _http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        _http.Request.Method = "GET";
        _http.Request.Path = "/a";
    }

    [Benchmark]
    public Task With() => AskAsync(_with);

    [Benchmark(Baseline = true)]
    public Task Without() => AskAsync(_without);

    private static RequestDelegate Pipeline(IServiceProvider services, bool recorded)
    {
        var pipeline = new ApplicationBuilder(services);
        if (recorded)
        {
            pipeline.UseBayou();
        }

        pipeline.Run(http =>
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
        return pipeline.Build();
    }

    private Task AskAsync(RequestDelegate pipeline)
    {
        _http.Features.Set<IEndpointFeature>(null); // As a new request has it.
        return pipeline(_http);
    }
}
