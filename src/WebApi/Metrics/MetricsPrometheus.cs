using System.Diagnostics;
using System.Globalization;
using System.Text;
using Bayou.Hosting;
using Bayou.Http;
using Bayou.Requests;

namespace Bayou.Metrics;

/// <summary>
/// <c>GET /metrics/prometheus</c>: every service's requests, errors and durations for those who keep their Grafana, as Prometheus's text has them
/// (https://prometheus.io/docs/instrumenting/exposition_formats). Counters begin at midnight UTC, which Prometheus takes for a restart: so that every node says
/// the same, whenever it began.
/// </summary>
internal sealed class MetricsPrometheus(MetricsScan scan, TimeProvider time)
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private const int MostEndpoints = 500; // the others together are one of each service
    private const string Duration = "http_server_request_duration_seconds";
    private const string Requests = "http_server_requests_total";
    private const double MicrosOfSecond = 1_000_000;

    /// <summary>Seconds: those that OpenTelemetry advises for HTTP.</summary>
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    public static QuerySpec Spec { get; } = new([], [new("service", "s.service", FieldType.Text)]);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var series = new FilterSql();
        series.Add($"s.project_id = {query.Project} AND s.endpoint <> {SeriesName.ServiceTotal}");
        query.Filters(series);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var now = time.GetUtcNow();
        var range = new TimeRange(new(now.UtcDateTime.Date, TimeSpan.Zero), now);
        var known = await scan.SeriesAsync(new(series, range, range, IsTotal: false), ct);
        var figures = await scan.MergeAsync(known.Keys, range, long.MaxValue, (id, _) => known[id], ct);
        return Results.Text(Write(Bounded(known, figures)), ContentType);
    }

    /// <summary>The endpoints that were there first, and what is left of each service as one: so that a counter never falls because another grew.</summary>
    private static List<(SeriesName Name, WindowFigures Figures)> Bounded(Dictionary<int, SeriesName> known, Dictionary<SeriesName, WindowFigures> figures)
    {
        var (shown, others) = (new List<(SeriesName, WindowFigures)>(), new Dictionary<string, WindowFigures>(StringComparer.Ordinal));
        var named = 0;
        foreach (var name in known.OrderBy(one => one.Key).Select(one => one.Value).Distinct())
        {
            if (name.Endpoint != SeriesName.Other && named++ < MostEndpoints)
            {
                if (figures.TryGetValue(name, out var own))
                {
                    shown.Add((name, own));
                }
            }
            else if (figures.TryGetValue(name, out var part))
            {
                if (!others.TryGetValue(name.Service, out var sum))
                {
                    others[name.Service] = sum = new();
                }

                sum.Merge(part);
            }
        }

        shown.AddRange(others.Select(one => (new SeriesName(one.Key, SeriesName.Other), one.Value)));
        return shown;
    }

    private static string Write(List<(SeriesName Name, WindowFigures Figures)> endpoints)
    {
        var text = new StringBuilder();
        Head(text, Requests, "counter", "Requests since midnight UTC, by class of status.");
        foreach (var (name, figures) in endpoints)
        {
            for (var status = 1; status <= 5; status++)
            {
                if (figures.CountOfClass(status) is > 0 and var count)
                {
                    Line(text, Requests, $"{Labels(name)},status=\"{status}xx\"", count);
                }
            }
        }

        Head(text, Duration, "histogram", "How long requests took since midnight UTC.");
        foreach (var (name, figures) in endpoints)
        {
            foreach (var bound in Bounds)
            {
                Line(text, $"{Duration}_bucket", string.Create(CultureInfo.InvariantCulture, $"{Labels(name)},le=\"{bound}\""),
                    figures.Latency.CountUpTo((long)(bound * MicrosOfSecond)));
            }

            Line(text, $"{Duration}_bucket", $"{Labels(name)},le=\"+Inf\"", figures.Count);
            Line(text, $"{Duration}_sum", Labels(name), figures.DurationSumMicros / MicrosOfSecond);
            Line(text, $"{Duration}_count", Labels(name), figures.Count);
        }

        using var process = Process.GetCurrentProcess();
        Head(text, "process_cpu_seconds_total", "counter", "Of the node that answers.");
        Line(text, "process_cpu_seconds_total", "", process.TotalProcessorTime.TotalSeconds);
        Head(text, "process_resident_memory_bytes", "gauge", "Of the node that answers.");
        Line(text, "process_resident_memory_bytes", "", process.WorkingSet64);
        Head(text, "process_start_time_seconds", "gauge", "Of the node that answers.");
        Line(text, "process_start_time_seconds", "", new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds() / 1_000.0);
        Head(text, "bayou_build_info", "gauge", "Which version answers.");
        Line(text, "bayou_build_info", $"version=\"{Escape(SiloHosting.Version)}\"", 1);
        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, string type, string help) => text.Append(
        CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Line(StringBuilder text, string name, string labels, double value) => text.Append(
        CultureInfo.InvariantCulture, $"{name}{(labels.Length == 0 ? "" : $"{{{labels}}}")} {value}\n");

    private static string Labels(SeriesName name)
    {
        var (method, route) = name.Endpoint.Split(' ', 2) is [var first, var rest] ? (first, rest) : ("", name.Endpoint);
        return $"service=\"{Escape(name.Service)}\",method=\"{Escape(method)}\",route=\"{Escape(route)}\"";
    }

    private static string Escape(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
