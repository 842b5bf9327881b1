using System.Globalization;
using System.Text.RegularExpressions;

namespace Bayou.Metrics;

/// <summary>What Prometheus scrapes is in its format, and says what the page says.</summary>
public sealed partial class PrometheusTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task Requests_and_durations_are_counters_and_buckets_of_today()
    {
        var service = $"a \"b\\{BayouServer.NewService()}";
        var now = DateTimeOffset.UtcNow; // of today, whatever the hour
        await server.SendAsync(new[]
        {
            BayouServer.Observation(service, now, "/a", 200, 20), BayouServer.Observation(service, now, "/a", 503, 700),
            BayouServer.Observation(service, now, "/a", 200, 20_000),
        });
        await server.CountedAsync(service, 3);
        using var response = await server.Http.GetAsync(
            new Uri($"/metrics/prometheus?service={Uri.EscapeDataString(service)}", UriKind.Relative), BayouServer.Ct);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var text = await response.Content.ReadAsStringAsync(BayouServer.Ct);
        Assert.All(text.TrimEnd('\n').Split('\n'), line => Assert.Matches(LinePattern(), line));
        var escaped = service.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        var labels = $"service=\"{escaped}\",method=\"GET\",route=\"/a\"";
        Assert.Equal(2, Value($"http_server_requests_total{{{labels},status=\"2xx\"}}"));
        Assert.Equal(1, Value($"http_server_requests_total{{{labels},status=\"5xx\"}}"));
        foreach (var (bound, count) in ((string, int)[])[("0.01", 0), ("0.025", 1), ("0.5", 1), ("0.75", 2), ("10", 2), ("+Inf", 3)])
        {
            Assert.Equal(count, Value($"http_server_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}}"));
        }

        Assert.Equal(20.72, Value($"http_server_request_duration_seconds_sum{{{labels}}}"), 3);
        Assert.True(Value("process_resident_memory_bytes") > 1_000_000);

        double Value(string series) => double.Parse(
            text.Split('\n').Single(line => line.StartsWith($"{series} ", StringComparison.Ordinal))[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("""^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)+\})? [0-9.E+-]+)$""")]
    private static partial Regex LinePattern();
}
