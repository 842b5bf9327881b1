using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Ingest;

namespace Bayou.Metrics;

/// <summary>The figures of a set of observations as the API gives them: latencies in milliseconds, sizes in bytes.</summary>
internal static class MetricFigures
{
    private static readonly JsonEncodedText[] Classes = [.. Enumerable.Range(1, 5).Select(statusClass => JsonEncodedText.Encode($"status_{statusClass}xx"))];

    /// <summary>The error rate, to the millionth.</summary>
    public static double Rate(WindowFigures figures) => Math.Round(figures.ErrorRate, 6);

    /// <summary>To the microsecond; no duration is known better.</summary>
    public static double Milliseconds(double micros) => Math.Round(micros / 1000, 3);

    /// <summary>Writes the figures as members of the object that is open. An answer has thousands, so nothing is made of them on the way.</summary>
    /// <param name="whole">Whether they are of whole services, which also count countries.</param>
    public static void Write(Utf8JsonWriter json, WindowFigures figures, bool whole)
    {
        Milliseconds(json, "p50_latency"u8, figures.Quantile(0.50));
        Milliseconds(json, "p95_latency"u8, figures.Quantile(0.95));
        Milliseconds(json, "p99_latency"u8, figures.Quantile(0.99));
        Milliseconds(json, "avg_latency"u8, figures.AverageMicros);
        Milliseconds(json, "max_latency"u8, figures.DurationMaxMicros);
        json.WriteNumber("error_rate"u8, Rate(figures));
        json.WriteNumber("traffic_count"u8, figures.Count);
        for (var statusClass = 1; statusClass <= Classes.Length; statusClass++)
        {
            json.WriteNumber(Classes[statusClass - 1], figures.CountOfClass(statusClass));
        }

        json.WriteStartObject("status_codes"u8);
        Span<byte> code = stackalloc byte[8];
        foreach (var (status, count) in figures.Statuses)
        {
            Utf8Formatter.TryFormat(status, code, out var length);
            json.WriteNumber(code[..length], count);
        }

        json.WriteEndObject();
        json.WriteNumber("request_size"u8, figures.RequestBytes);
        json.WriteNumber("response_size"u8, figures.ResponseBytes);
        if (!whole)
        {
            return;
        }

        json.WriteStartObject("countries"u8);
        foreach (var (country, count) in figures.Countries)
        {
            json.WriteNumber(country, count);
        }

        json.WriteEndObject();
    }

    /// <summary>As <see cref="Milliseconds(double)"/> gives them, without the search for a double's shortest digits.</summary>
    private static void Milliseconds(Utf8JsonWriter json, ReadOnlySpan<byte> name, double micros)
    {
        Span<byte> text = stackalloc byte[32];
        var (whole, rest) = Math.DivRem((long)Math.Round(micros), 1000);
        Utf8Formatter.TryFormat(whole, text, out var length);
        if (rest > 0)
        {
            text[length++] = (byte)'.';
            for (var unit = 100; rest > 0; unit /= 10)
            {
                text[length++] = (byte)('0' + (rest / unit));
                rest %= unit;
            }
        }

        json.WritePropertyName(name);
        json.WriteRawValue(text[..length], skipInputValidation: true);
    }
}

/// <summary>One 60-second window.</summary>
[JsonConverter(typeof(Converter))]
internal sealed record MetricWindow(WindowFigures Source, string Endpoint)
{
    public required long Id { get; init; }

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
            WriteTime(json, "window_start"u8, window.WindowStart);
            WriteTime(json, "window_end"u8, window.WindowStart.AddSeconds(WindowKey.Seconds));
            MetricFigures.Write(json, window.Source, window.Endpoint == SeriesName.WholeService);
            WriteTime(json, "created_at"u8, window.CreatedAt);
            WriteTime(json, "updated_at"u8, window.UpdatedAt);
        }
    }
}
