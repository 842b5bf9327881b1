using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Bayou.Otlp;

/// <summary>What the OpenTelemetry SDK sends, as it is in a service, arrives by every way that it knows.</summary>
public sealed class OtlpSdkTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Lines_of_the_SDK_are_lines_here_field_by_field(OtlpExportProtocol protocol)
    {
        await using var database = await TestDatabase.CreateAsync();
        var (grpc, http) = (Ports.Claim(), Ports.Claim());
        await using var server = await BayouServer.StartAsync(database, ("BAYOU_TOKEN", "the-token-of-those-who-may"),
            ("Bayou:Otlp:GrpcPort", $"{grpc}"), ("Bayou:Otlp:HttpPort", $"{http}"));
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "the-token-of-those-who-may");
        using var activity = new Activity("of the test").SetIdFormat(ActivityIdFormat.W3C).Start();
        using (var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddOpenTelemetry(otel =>
        {
            (otel.IncludeFormattedMessage, otel.ParseStateValues, otel.IncludeScopes) = (true, true, true);
            otel.SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("shop", serviceVersion: "1.2.3", autoGenerateServiceInstanceId: false)
                .AddAttributes([new("deployment.environment.name", "test")]));
            otel.AddOtlpExporter(exporter =>
            {
                exporter.Protocol = protocol;
                exporter.Endpoint = new(protocol == OtlpExportProtocol.Grpc ? $"http://127.0.0.1:{grpc}" : $"http://127.0.0.1:{http}/v1/logs");
                exporter.Headers = "x-api-key=the-token-of-those-who-may";
                exporter.ExportProcessorType = ExportProcessorType.Simple; // Each when it is written; it returns when it was answered.
            });
        })))
        {
            var logger = loggers.CreateLogger("Shop.Orders");
            Written(logger, "A-7", 12.5, new InvalidOperationException("no such basket"));
        }

        var line = Assert.Single((await server.DataAsync($"/logs?service=shop")).AsArray())!;
        Assert.Equal("Order A-7 of 12.5 cannot be placed", (string?)line["message"]);
        Assert.Equal("error", (string?)line["level"]);
        Assert.Equal("Shop.Orders", (string?)line["source"]);
        Assert.Equal($"{activity.TraceId}", (string?)line["trace_id"]);
        var meta = line["meta"]!;
        Assert.Equal($"{activity.SpanId}", (string?)meta["span_id"]);
        Assert.Equal("A-7", (string?)meta["Order"]);
        Assert.Equal(12.5, (double)meta["Amount"]!);
        Assert.Equal("InvalidOperationException", (string?)meta["exception.type"]);
        Assert.Equal("no such basket", (string?)meta["exception.message"]);
        Assert.Equal("""{"service.version":"1.2.3","deployment.environment.name":"test"}""", meta["resource"]!.ToJsonString());
        Assert.InRange(DateTimeOffset.Parse((string)line["created_at"]!, null), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
    }

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Spans_of_the_SDK_are_spans_here_field_by_field(OtlpExportProtocol protocol)
    {
        await using var database = await TestDatabase.CreateAsync();
        var (grpc, http) = (Ports.Claim(), Ports.Claim());
        await using var server = await BayouServer.StartAsync(database, ("BAYOU_TOKEN", "the-token-of-those-who-may"),
            ("Bayou:Otlp:GrpcPort", $"{grpc}"), ("Bayou:Otlp:HttpPort", $"{http}"));
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "the-token-of-those-who-may");
        using var source = new ActivitySource($"Shop.{protocol}", "3.1");
        Activity root, inner;
        using (Sdk.CreateTracerProviderBuilder().AddSource(source.Name)
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("shop", serviceVersion: "1.2.3", autoGenerateServiceInstanceId: false))
            .AddOtlpExporter(exporter =>
            {
                exporter.Protocol = protocol;
                exporter.Endpoint = new(protocol == OtlpExportProtocol.Grpc ? $"http://127.0.0.1:{grpc}" : $"http://127.0.0.1:{http}/v1/traces");
                exporter.Headers = "x-api-key=the-token-of-those-who-may";
                exporter.ExportProcessorType = ExportProcessorType.Simple;
            }).Build())
        {
            root = source.StartActivity("GET /orders/{id}", ActivityKind.Server)!;
            root.SetTag("http.request.method", "GET").SetTag("http.route", "/orders/{id}").SetTag("http.response.status_code", 503);
            inner = source.StartActivity("select", ActivityKind.Client, root.Context, [new("db.system", "postgresql"), new("rows", 17)],
                [new(new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded), new() { ["why"] = "so" })])!;
            inner.AddException(new InvalidOperationException("no such basket"));
            inner.SetStatus(ActivityStatusCode.Error, "refused");
            inner.Stop();
            root.Stop();
        }

        var trace = await server.DataAsync($"/traces/{root.TraceId}");
        var spans = trace["spans"]!.AsArray().ToDictionary(span => (string)span!["name"]!, span => span!);
        var (first, second) = (spans["GET /orders/{id}"], spans["select"]);
        Assert.Equal(($"{root.SpanId}", "server", "GET /orders/{id}", 503), ((string)first["span_id"]!, (string)first["kind"]!, (string)first["endpoint"]!,
            (int)first["status_code"]!));
        Assert.Equal(($"{root.SpanId}", "client", "error", "refused", source.Name), ((string)second["parent_span_id"]!, (string)second["kind"]!,
            (string)second["status"]!, (string)second["status_message"]!, (string)second["scope"]!));
        Assert.Equal(("postgresql", 17), ((string)second["attributes"]!["db.system"]!, (int)second["attributes"]!["rows"]!));
        Assert.Equal("no such basket", (string)second["events"]![0]!["attributes"]!["exception.message"]!);
        Assert.Equal("so", (string)second["links"]![0]!["attributes"]!["why"]!);
        Assert.Equal(("3.1", "1.2.3"), ((string)second["scope_attributes"]!["version"]!, (string)second["resource"]!["service.version"]!));
        foreach (var (activity, span) in ((Activity, System.Text.Json.Nodes.JsonNode)[])[(root, first), (inner, second)])
        {
            Assert.Equal($"{activity.StartTimeUtc:yyyy-MM-ddTHH:mm:ss.fffffff}00Z", (string)span["timestamp"]!);
            Assert.Equal(activity.Duration.TotalMilliseconds, (double)span["duration"]!, 6);
        }

        await server.CountedAsync("shop", 1);
    }

    [Fact]
    public async Task A_port_that_another_program_has_keeps_nothing_from_starting()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var collector = new TcpListener(IPAddress.Loopback, 0);
        collector.Start();
        var (taken, free) = (((IPEndPoint)collector.LocalEndpoint).Port, Ports.Claim());
        await using var server = await BayouServer.StartAsync(database, ("Bayou:Otlp:GrpcPort", $"{taken}"), ("Bayou:Otlp:HttpPort", $"{free}"));
        foreach (var at in (Uri[])[server.Http.BaseAddress!, new($"http://127.0.0.1:{free}")])
        {
            using var answer = await server.Http.GetAsync(new Uri(at, "/health/liveness"), Ct);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.False(collector.Pending()); // Nobody has come to it.
    }

    [Theory]
    [InlineData("", "", "", "http://localhost:5000")]
    [InlineData("http://a:1;http://b:2", "8080", "", "http://a:1;http://b:2")]
    [InlineData("", "8080;8081", "8443", "http://*:8080;http://*:8081;https://*:8443")]
    public void Where_the_rest_is_served_stays_as_it_was_told(string urls, string httpPorts, string httpsPorts, string expected) =>
        Assert.Equal(expected, string.Join(';', OtlpPorts.MainOf(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = urls, ["http_ports"] = httpPorts, ["https_ports"] = httpsPorts,
        }).Build())));

    private static void Written(ILogger logger, string order, double amount, Exception exception) =>
        LoggerMessage.Define<string, double>(LogLevel.Error, new(7, "Refused"), "Order {Order} of {Amount} cannot be placed")(logger, order, amount, exception);
}
