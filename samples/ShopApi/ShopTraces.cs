using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Shop;

/// <summary>
/// The shop's traces and metrics, by the OpenTelemetry SDK as any service has it; and the traces of payments and mail, which this process plays: their spans
/// come from providers of their own, as if they were other services.
/// </summary>
internal sealed class ShopTraces : IDisposable
{
    private static readonly ActivitySource Shop = new("Shop");
    private static readonly ActivitySource Payments = new("Shop.Payments");
    private static readonly ActivitySource Mail = new("Shop.Mail");

    private readonly TracerProvider[] _others;

    public ShopTraces(IConfiguration configuration) =>
        _others = [Provider(configuration, Payments, "payments"), Provider(configuration, Mail, "mail")];

    public static void Add(IServiceCollection services, IConfiguration configuration) => services.AddSingleton<ShopTraces>()
        .AddOpenTelemetry().ConfigureResource(resource => resource.AddService("shop"))
        .WithTracing(traces => traces.AddSource(Shop.Name).AddAspNetCoreInstrumentation().AddOtlpExporter(exporter => Send(exporter, configuration, "traces")))
        .WithMetrics(metrics => metrics.AddMeter("System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddOtlpExporter(exporter => Send(exporter, configuration, "metrics")));

    public void Dispose() => Array.ForEach(_others, provider => provider.Dispose());

    /// <summary>Spends the time that a request takes, as a shop does: mostly on its database.</summary>
    public static async Task SpendAsync(ShopRoute route, Outcome outcome, TimeSpan left, TimeProvider time, CancellationToken ct)
    {
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        var table = route.Template.Split('/', '{')[1] is { Length: > 0 } first ? first : "start";
        await DoAsync(Shop, "GET session", ActivityKind.Client, left * 0.08, time, ct, ("db.system.name", "redis"), ("server.address", "cache"));
        var isCheckout = route.Template == "/checkout";
        var share = isCheckout ? 0.2 : 0.7;
        await DoAsync(Shop, $"SELECT {table}", ActivityKind.Client, left * share, time, ct, ("db.system.name", "postgresql"), ("db.namespace", "shop"),
            ("db.query.text", $"SELECT * FROM {table} WHERE id = $1"), ("server.address", "db"));
        if (isCheckout)
        {
            await PayAsync(outcome, left * 0.5, time, ct);
        }
        else
        {
            await DoAsync(Shop, $"render {table}", ActivityKind.Internal, left * 0.15, time, ct);
        }
    }

    private static async Task PayAsync(Outcome outcome, TimeSpan length, TimeProvider time, CancellationToken ct)
    {
        using (var call = Shop.StartActivity("POST", ActivityKind.Client))
        {
            call?.SetTag("http.request.method", "POST").SetTag("server.address", "payments").SetTag("url.full", "http://payments/charges");
            using var charge = Payments.StartActivity("POST /charges", ActivityKind.Server);
            charge?.SetTag("http.request.method", "POST").SetTag("http.route", "/charges")
                .SetTag("http.response.status_code", outcome.Status >= 500 ? 502 : 201);
            await DoAsync(Payments, "INSERT ledger", ActivityKind.Client, length * 0.3, time, ct,
                ("db.system.name", "postgresql"), ("server.address", "ledger"));
            await DoAsync(Payments, "POST", ActivityKind.Client, length * 0.6, time, ct,
                ("http.request.method", "POST"), ("server.address", "api.bank.example"), ("url.full", "https://api.bank.example/v2/charges"));
            if (outcome.Status >= 500)
            {
                var refused = new InvalidOperationException("The bank does not answer.");
                charge?.AddException(refused).SetStatus(ActivityStatusCode.Error, refused.Message);
                call?.SetStatus(ActivityStatusCode.Error, refused.Message);
            }
        }

        using var sent = Shop.StartActivity("send orders", ActivityKind.Producer);
        sent?.SetTag("messaging.system", "rabbitmq").SetTag("messaging.destination.name", "orders");
        using var received = Mail.StartActivity("process orders", ActivityKind.Consumer);
        received?.SetTag("messaging.system", "rabbitmq").SetTag("messaging.destination.name", "orders");
        await DoAsync(Mail, "send confirmation", ActivityKind.Internal, length * 0.1, time, ct);
    }

    private static async Task DoAsync(
        ActivitySource source, string name, ActivityKind kind, TimeSpan length, TimeProvider time, CancellationToken ct, params (string, string)[] tags)
    {
        using var activity = source.StartActivity(name, kind);
        foreach (var (key, value) in tags)
        {
            activity?.SetTag(key, value);
        }

        await Task.Delay(length, time, ct);
    }

    private static TracerProvider Provider(IConfiguration configuration, ActivitySource source, string service) => Sdk.CreateTracerProviderBuilder()
        .AddSource(source.Name).ConfigureResource(resource => resource.AddService(service))
        .AddOtlpExporter(exporter => Send(exporter, configuration, "traces")).Build();

    /// <summary>To where the rest goes.</summary>
    private static void Send(OtlpExporterOptions exporter, IConfiguration configuration, string signal)
    {
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new(new(configuration["Bayou:Url"] ?? "http://localhost:5080"), $"/v1/{signal}");
        if (configuration["Bayou:ApiKey"] is { Length: > 0 } key)
        {
            exporter.Headers = $"x-api-key={key}";
        }
    }
}
