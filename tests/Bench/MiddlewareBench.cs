using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Microsoft.AspNetCore.Http.Features;

namespace Bayou.Bench;

/// <summary>What the middleware adds to a request, beside the same pipeline without it.</summary>
public class MiddlewareBench
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

    internal static void Run(Table table)
    {
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(NullLogger.Instance)
            .WithOptions(ConfigOptions.DisableLogFile);
        var reports = BenchmarkRunner.Run<MiddlewareBench>(config).Reports;
        var measured = reports.ToDictionary(
            report => report.BenchmarkCase.Descriptor.WorkloadMethod.Name,
            report => (Nanoseconds: report.ResultStatistics!.Mean, Bytes: report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0));
        var (with, without) = (measured[nameof(With)], measured[nameof(Without)]);
        table.Add("middleware: time it adds to a request", $"{(with.Nanoseconds - without.Nanoseconds) / 1_000:0.00} µs", $"{without.Nanoseconds / 1_000:0.00} µs without it", "≤ 1 µs");
        table.Add("middleware: bytes it adds to a request", $"{with.Bytes - without.Bytes:0} B", $"{without.Bytes:0} B without it", "≤ 200 B");
    }

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
