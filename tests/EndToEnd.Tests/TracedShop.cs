using System.Globalization;
using System.Net;
using System.Net.Http.Json;

namespace Bayou;

/// <summary>Spans to look at, as a service sends them in JSON.</summary>
internal static class TracedShop
{
    /// <param name="FromMs">After the trace began.</param>
    public sealed record Part(
        string Id, string? Parent, string Service, string Name, int Kind, double FromMs, double Ms, bool IsError = false,
        params (string Key, string Value)[] Tags);

    public static string NewTrace() => Guid.NewGuid().ToString("N");

    /// <summary>A checkout: the shop asks its database, and payments.</summary>
    public static Part[] Checkout(double dbMs = 20, bool isRefused = false, string shop = "shop", string payments = "payments") =>
    [
        new("a000000000000001", null, shop, "POST /checkout", 2, 0, dbMs + 80, isRefused,
            ("http.request.method", "POST"), ("http.route", "/checkout"), ("http.response.status_code", isRefused ? "502" : "201")),
        new("a000000000000002", "a000000000000001", shop, "SELECT basket", 3, 2, dbMs, false,
            ("db.system.name", "postgresql"), ("db.query.text", "SELECT * FROM baskets WHERE id = $1")),
        new("a000000000000003", "a000000000000001", shop, "POST", 3, dbMs + 5, 60, isRefused, ("server.address", "payments")),
        new("a000000000000004", "a000000000000003", payments, "POST /charges", 2, dbMs + 7, 55, isRefused,
            ("http.request.method", "POST"), ("http.route", "/charges"), ("http.response.status_code", isRefused ? "502" : "201")),
    ];

    public static async Task SendAsync(Product product, string trace, DateTimeOffset begin, params Part[] parts)
    {
        foreach (var group in parts.GroupBy(part => part.Service))
        {
            var body = new
            {
                resourceSpans = new[]
                {
                    new
                    {
                        resource = new { attributes = new[] { Text("service.name", group.Key), Text("host.name", "host-7") } },
                        scopeSpans = new[]
                        {
                            new { scope = new { name = "a.library", version = "1.0" }, spans = group.Select(part => SpanOf(part, trace, begin)) },
                        },
                    },
                },
            };
            using var answer = await product.Http.PostAsJsonAsync(new Uri(product.Url, "/v1/traces"), body, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    /// <summary>A gauge of two pools, over the last minutes.</summary>
    public static async Task SendMetricAsync(Product product, string service, string name)
    {
        var points = from minute in Enumerable.Range(1, 20)
                     from pool in (string[])["a", "b"]
                     select new
                     {
                         timeUnixNano = Nanos(DateTimeOffset.UtcNow.AddMinutes(-minute)), asDouble = minute + (pool == "a" ? 10 : 0),
                         attributes = new[] { Text("pool", pool) },
                     };
        var metric = new { name, unit = "By", description = "What the pools hold", gauge = new { dataPoints = points } };
        var body = new
        {
            resourceMetrics = new[]
            {
                new
                {
                    resource = new { attributes = new[] { Text("service.name", service) } },
                    scopeMetrics = new[] { new { scope = new { name = "a.meter" }, metrics = new[] { metric } } },
                },
            },
        };
        using var answer = await product.Http.PostAsJsonAsync(new Uri(product.Url, "/v1/metrics"), body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static object SpanOf(Part part, string trace, DateTimeOffset begin) => new
    {
        traceId = trace, spanId = part.Id, parentSpanId = part.Parent ?? "", name = part.Name, kind = part.Kind,
        startTimeUnixNano = Nanos(begin.AddMilliseconds(part.FromMs)), endTimeUnixNano = Nanos(begin.AddMilliseconds(part.FromMs + part.Ms)),
        attributes = part.Tags.Select(tag => Text(tag.Key, tag.Value)),
        status = new { code = part.IsError ? 2 : 0, message = part.IsError ? "the bank is away" : "" },
        events = part.IsError ? [new { name = "exception", timeUnixNano = Nanos(begin.AddMilliseconds(part.FromMs + part.Ms)),
            attributes = new[] { Text("exception.message", "the bank is away"), Text("exception.stacktrace", "at Bank.Charge()\nat Shop.Pay()") } }]
            : Array.Empty<object>(),
    };

    private static object Text(string key, string value) => new { key, value = new { stringValue = value } };

    private static string Nanos(DateTimeOffset time) => ((time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100).ToString(CultureInfo.InvariantCulture);
}
