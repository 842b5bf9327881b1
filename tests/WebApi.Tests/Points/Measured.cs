using System.Net;
using Bayou.Otlp;
using Bayou.Otlp.Protocol;
using Google.Protobuf;

namespace Bayou.Points;

/// <summary>Metrics to send, and the way there.</summary>
internal static class Measured
{
    /// <summary>The beginning of a minute that is over.</summary>
    public static DateTimeOffset Minute => BayouServer.RecentMinute.AddMinutes(-10);

    public static ulong Nanos(DateTimeOffset time) => (ulong)time.ToUnixTimeMilliseconds() * 1_000_000;

    public static Metric Gauge(string name, DateTimeOffset at, double value, params KeyValue[] attributes) => new()
    {
        Name = name, Unit = "By",
        Gauge = new() { DataPoints = { new NumberDataPoint { TimeUnixNano = Nanos(at), AsDouble = value, Attributes = { attributes } } } },
    };

    public static Metric Sum(string name, DateTimeOffset at, long value, DateTimeOffset? started, bool isCumulative, params KeyValue[] attributes) => new()
    {
        Name = name,
        Sum = new()
        {
            AggregationTemporality = isCumulative ? AggregationTemporality.Cumulative : AggregationTemporality.Delta, IsMonotonic = true,
            DataPoints =
            {
                new NumberDataPoint
                {
                    TimeUnixNano = Nanos(at), StartTimeUnixNano = started is { } s ? Nanos(s) : 0, AsInt = value, Attributes = { attributes },
                },
            },
        },
    };

    public static Metric Histogram(
        string name, DateTimeOffset at, DateTimeOffset? started, bool isCumulative, double[] bounds, ulong[] counts, params KeyValue[] attributes) => new()
    {
        Name = name, Unit = "s",
        Histogram = new()
        {
            AggregationTemporality = isCumulative ? AggregationTemporality.Cumulative : AggregationTemporality.Delta,
            DataPoints =
            {
                new HistogramDataPoint
                {
                    TimeUnixNano = Nanos(at), StartTimeUnixNano = started is { } s ? Nanos(s) : 0, ExplicitBounds = { bounds }, BucketCounts = { counts },
                    Count = counts.Aggregate(0UL, (sum, one) => sum + one), Sum = 1, Attributes = { attributes },
                },
            },
        },
    };

    public static ExportMetricsServiceRequest Of(string service, params Metric[] metrics) => new()
    {
        ResourceMetrics =
        {
            new ResourceMetrics
            {
                Resource = new() { Attributes = { Attribute("service.name", service), Attribute("host.name", "a-host") } },
                ScopeMetrics = { new ScopeMetrics { Scope = new() { Name = "a.meter" }, Metrics = { metrics } } },
            },
        },
    };

    public static async Task<(HttpStatusCode Status, byte[] Answer)> PostAsync(BayouServer server, byte[] body, string type = OtlpEndpoints.Protobuf)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new(type) } };
        using var response = await server.Http.PostAsync(new Uri("/v1/metrics", UriKind.Relative), content, BayouServer.Ct);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(BayouServer.Ct));
    }

    public static async Task SendAsync(BayouServer server, string service, params Metric[] metrics)
    {
        var (status, answer) = await PostAsync(server, Of(service, metrics).ToByteArray());
        Assert.Equal((HttpStatusCode.OK, ""), (status, ExportResponse.Parser.ParseFrom(answer).PartialSuccess?.ErrorMessage ?? ""));
    }

    public static KeyValue Attribute(string key, string value) => new() { Key = key, Value = new() { StringValue = value } };
}
