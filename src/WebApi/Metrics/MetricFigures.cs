using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Requests;

namespace Bayou.Metrics;

/// <summary>The figures of a set of observations as the API gives them: latencies in milliseconds, sizes in bytes.</summary>
internal static class MetricFigures
{
    private static readonly JsonEncodedText[] Classes = [.. Enumerable.Range(1, 5).Select(statusClass => JsonEncodedText.Encode($"status_{statusClass}xx"))];
    private static readonly JsonEncodedText P50 = JsonEncodedText.Encode("p50_latency");
    private static readonly JsonEncodedText P95 = JsonEncodedText.Encode("p95_latency");
    private static readonly JsonEncodedText P99 = JsonEncodedText.Encode("p99_latency");
    private static readonly JsonEncodedText Average = JsonEncodedText.Encode("avg_latency");
    private static readonly JsonEncodedText Max = JsonEncodedText.Encode("max_latency");
    private static readonly JsonEncodedText ErrorRate = JsonEncodedText.Encode("error_rate");
    private static readonly JsonEncodedText Traffic = JsonEncodedText.Encode("traffic_count");
    private static readonly JsonEncodedText StatusCodes = JsonEncodedText.Encode("status_codes");
    private static readonly JsonEncodedText RequestSize = JsonEncodedText.Encode("request_size");
    private static readonly JsonEncodedText ResponseSize = JsonEncodedText.Encode("response_size");
    private static readonly JsonEncodedText Countries = JsonEncodedText.Encode("countries");

    /// <summary>The error rate, to the millionth.</summary>
    public static double Rate(WindowFigures figures) => Math.Round(figures.ErrorRate, 6);

    /// <summary>To the microsecond; no duration is known better.</summary>
    public static double Milliseconds(double micros) => Math.Round(micros / 1000, 3);

    /// <summary>Writes the figures as members of the object that is open. An answer has thousands, so nothing is made of them on the way.</summary>
    /// <param name="whole">Whether they are of whole services, which also count countries.</param>
    public static void Write(Utf8JsonWriter json, WindowFigures figures, bool isTotal)
    {
        WriteMilliseconds(json, P50, figures.Quantile(0.50));
        WriteMilliseconds(json, P95, figures.Quantile(0.95));
        WriteMilliseconds(json, P99, figures.Quantile(0.99));
        WriteMilliseconds(json, Average, figures.AverageMicros);
        WriteMilliseconds(json, Max, figures.DurationMaxMicros);
        WriteDecimal(json, ErrorRate, (long)Math.Round(figures.ErrorRate * 1_000_000), 6);
        json.WriteNumber(Traffic, figures.Count);
        for (var statusClass = 1; statusClass <= Classes.Length; statusClass++)
        {
            json.WriteNumber(Classes[statusClass - 1], figures.CountOfClass(statusClass));
        }

        json.WriteStartObject(StatusCodes);
        Span<byte> code = stackalloc byte[8];
        foreach (var (status, count) in figures.Statuses)
        {
            Utf8Formatter.TryFormat(status, code, out var length);
            json.WriteNumber(code[..length], count);
        }

        json.WriteEndObject();
        json.WriteNumber(RequestSize, figures.RequestBytes);
        json.WriteNumber(ResponseSize, figures.ResponseBytes);
        if (!isTotal)
        {
            return;
        }

        json.WriteStartObject(Countries);
        foreach (var (country, count) in figures.Countries)
        {
            json.WriteNumber(country, count);
        }

        json.WriteEndObject();
    }

    /// <summary>As <see cref="Milliseconds(double)"/> gives them.</summary>
    private static void WriteMilliseconds(Utf8JsonWriter json, JsonEncodedText name, double micros) => WriteDecimal(json, name, (long)Math.Round(micros), 3);

    /// <summary>Writes a number without the search for a double's shortest digits.</summary>
    /// <param name="value">Not negative; in units of the last decimal.</param>
    private static void WriteDecimal(Utf8JsonWriter json, JsonEncodedText name, long value, int decimals)
    {
        Span<byte> text = stackalloc byte[32];
        var at = text.Length;
        for (var left = decimals; left > 0; left--)
        {
            (value, var digit) = Math.DivRem(value, 10);
            if (digit != 0 || at < text.Length)
            {
                text[--at] = (byte)('0' + digit);
            }
        }

        if (at < text.Length)
        {
            text[--at] = (byte)'.';
        }

        do
        {
            (value, var digit) = Math.DivRem(value, 10);
            text[--at] = (byte)('0' + digit);
        }
        while (value > 0);

        json.WritePropertyName(name);
        json.WriteRawValue(text[at..], skipInputValidation: true);
    }
}

/// <summary>One 60-second window.</summary>
[JsonConverter(typeof(Converter))]
internal sealed record MetricWindow(WindowFigures Source, string Endpoint)
{
    public required long Id { get; init; }

    public required int ProjectId { get; init; }

    public required string Project { get; init; }

    public required string Service { get; init; }

    public required DateTime WindowStart { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime UpdatedAt { get; init; }

    private sealed class Converter : WritingConverter<MetricWindow>
    {
        protected override void Write(Utf8JsonWriter json, MetricWindow window)
        {
            json.WriteNumber("id"u8, window.Id);
            json.WriteString("project"u8, window.Project);
            json.WriteString("service"u8, window.Service);
            json.WriteString("endpoint"u8, window.Endpoint);
            json.WriteTime("window_start"u8, window.WindowStart);
            json.WriteTime("window_end"u8, window.WindowStart.AddSeconds(WindowKey.Seconds));
            MetricFigures.Write(json, window.Source, window.Endpoint == SeriesName.ServiceTotal);
            json.WriteTime("created_at"u8, window.CreatedAt);
            json.WriteTime("updated_at"u8, window.UpdatedAt);
        }
    }
}
