using System.Globalization;
using System.Text.Json.Serialization;
using Bayou.Ingest;

namespace Bayou.Metrics;

/// <summary>The figures of a set of observations as the API gives them: latencies in milliseconds, sizes in bytes.</summary>
internal record MetricFigures
{
    /// <param name="whole">Whether they are of whole services, which also count countries.</param>
    public MetricFigures(WindowFigures figures, bool whole)
    {
        P50Latency = Milliseconds(figures.Quantile(0.50));
        P95Latency = Milliseconds(figures.Quantile(0.95));
        P99Latency = Milliseconds(figures.Quantile(0.99));
        AvgLatency = Milliseconds(figures.AverageMicros);
        MaxLatency = Milliseconds(figures.DurationMaxMicros);
        ErrorRate = Rate(figures);
        TrafficCount = figures.Count;
        Status1xx = figures.CountOfClass(1);
        Status2xx = figures.CountOfClass(2);
        Status3xx = figures.CountOfClass(3);
        Status4xx = figures.CountOfClass(4);
        Status5xx = figures.CountOfClass(5);
        StatusCodes = figures.Statuses.ToDictionary(pair => pair.Key.ToString(CultureInfo.InvariantCulture), pair => pair.Value);
        RequestSize = figures.RequestBytes;
        ResponseSize = figures.ResponseBytes;
        Countries = whole ? figures.Countries.ToDictionary() : null;
    }

    public double P50Latency { get; }

    public double P95Latency { get; }

    public double P99Latency { get; }

    public double AvgLatency { get; }

    public double MaxLatency { get; }

    public double ErrorRate { get; }

    public long TrafficCount { get; }

    [JsonPropertyName("status_1xx")]
    public long Status1xx { get; }

    [JsonPropertyName("status_2xx")]
    public long Status2xx { get; }

    [JsonPropertyName("status_3xx")]
    public long Status3xx { get; }

    [JsonPropertyName("status_4xx")]
    public long Status4xx { get; }

    [JsonPropertyName("status_5xx")]
    public long Status5xx { get; }

    public IReadOnlyDictionary<string, long> StatusCodes { get; }

    public long RequestSize { get; }

    public long ResponseSize { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, long>? Countries { get; }

    /// <summary>The error rate, to the millionth.</summary>
    public static double Rate(WindowFigures figures) => Math.Round(figures.ErrorRate, 6);

    /// <summary>To the microsecond; no duration is known better.</summary>
    public static double Milliseconds(double micros) => Math.Round(micros / 1000, 3);
}

/// <summary>One 60-second window.</summary>
internal sealed record MetricWindow(WindowFigures Source, string Endpoint) : MetricFigures(Source, Endpoint == SeriesName.WholeService)
{
    [JsonIgnore]
    public WindowFigures Source { get; } = Source;

    public required long Id { get; init; }

    public required string Project { get; init; }

    public required string Service { get; init; }

    public required DateTime WindowStart { get; init; }

    public DateTime WindowEnd => WindowStart.AddSeconds(WindowKey.Seconds);

    public required DateTime CreatedAt { get; init; }

    public required DateTime UpdatedAt { get; init; }
}
