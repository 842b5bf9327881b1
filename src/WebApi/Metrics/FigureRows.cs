using System.Text.Json.Serialization;

namespace Bayou.Metrics;

// What MetricFigures and MetricWindow write, for the API's document. Answers have thousands of these, so none is ever made.

/// <summary>Figures of a set of observations: latencies in milliseconds, the rate from 0 to 1, sizes in bytes.</summary>
internal abstract record FigureRow
{
    public required double P50Latency { get; init; }

    public required double P95Latency { get; init; }

    public required double P99Latency { get; init; }

    public required double AvgLatency { get; init; }

    public required double MaxLatency { get; init; }

    public required double ErrorRate { get; init; }

    public required long TrafficCount { get; init; }

    [JsonPropertyName("status_1xx")]
    public required long Status1xx { get; init; }

    [JsonPropertyName("status_2xx")]
    public required long Status2xx { get; init; }

    [JsonPropertyName("status_3xx")]
    public required long Status3xx { get; init; }

    [JsonPropertyName("status_4xx")]
    public required long Status4xx { get; init; }

    [JsonPropertyName("status_5xx")]
    public required long Status5xx { get; init; }

    /// <summary>Requests by status.</summary>
    public required IReadOnlyDictionary<string, long> StatusCodes { get; init; }

    public required long RequestSize { get; init; }

    public required long ResponseSize { get; init; }

    /// <summary>Requests by country; of whole services only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, long>? Countries { get; init; }

    public required DateTime WindowStart { get; init; }

    public required DateTime WindowEnd { get; init; }
}

/// <summary>A row of <c>GET /metrics</c>.</summary>
internal sealed record MetricRow : FigureRow
{
    public required long Id { get; init; }

    public required string Project { get; init; }

    public required string Service { get; init; }

    public required string Endpoint { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime UpdatedAt { get; init; }
}

/// <summary>A point of <c>GET /metrics/aggregate</c>.</summary>
internal sealed record AggregatePoint : FigureRow
{
    /// <summary>Where services are told apart.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Service { get; init; }

    /// <summary>Where endpoints are told apart.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Endpoint { get; init; }
}
