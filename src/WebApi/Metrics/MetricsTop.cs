using System.Globalization;
using System.Text.Json.Serialization;
using Bayou.Http;

namespace Bayou.Metrics;

/// <summary>One place of <c>GET /metrics/top</c>.</summary>
/// <param name="Value">What it is ranked by: requests, errors, milliseconds (p95), or milliseconds in all (time).</param>
/// <param name="Share">Of the total of what it is ranked by; of traffic where ranked by p95. 0..1.</param>
/// <param name="Change">Against the range before, as a part of it; null where there was nothing.</param>
internal sealed record TopEntry(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Service,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Endpoint,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Country,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Status,
    double Value, double Share, double? Previous, double? Change, long TrafficCount,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? ErrorRate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? P95Latency);

/// <summary><c>GET /metrics/top</c>: what made most of the traffic, errors, latency or time of a range.</summary>
internal sealed class MetricsTop(MetricsScan scan, TimeProvider time)
{
    private const int DefaultLimit = 10;

    public static QuerySpec Spec { get; } = new(
        [
            .. MetricsSelection.Parameters,
            ("dimension", "endpoint, service, country or status."),
            ("by", "traffic, errors, p95 or time; country and status: traffic, status also errors."),
            ("limit", "Most entries, 1 to 1000; 10 unless told."),
        ],
        MetricsSelection.Fields);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var dimension = query.Choice("dimension", "endpoint", "service", "country", "status");
        var by = query.Choice("by", "traffic", "errors", "p95", "time");
        var limit = (int)(query.Whole("limit", 1, ListQuery.MaxLimit) ?? DefaultLimit);
        if ((dimension == "country" && by != "traffic") || (dimension == "status" && (by is "p95" or "time")))
        {
            query.Fail("by", $"{by} is not known per {dimension}");
        }

        if (dimension == "country" && query.Filters("endpoint") && !query.Names("endpoint", Ingest.SeriesName.WholeService))
        {
            query.Fail("endpoint", "does not go with dimension=country: countries are counted per service");
        }

        var selection = MetricsSelection.Of(query, dimension == "endpoint", time);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var series = await scan.SeriesAsync(selection, ct);
        var now = await RankableAsync(series, selection.Range, dimension, by, ct);
        var before = await RankableAsync(series, selection.Range.Before, dimension, by, ct);
        var total = now.Values.Sum(item => item.Additive);
        var ranked = now.Where(pair => pair.Value.Value > 0).ToList();
        var entries = ranked
            .OrderByDescending(pair => pair.Value.Value).ThenBy(pair => pair.Key)
            .Take(limit)
            .Select(pair => Entry(dimension, pair.Key, pair.Value, before.GetValueOrDefault(pair.Key), total));
        return new ApiResult(entries.ToList(), new { limit, total = ranked.Count });
    }

    private async Task<Dictionary<Place, Rankable>> RankableAsync(
        Dictionary<int, Ingest.SeriesName> series, TimeRange range, string dimension, string by, CancellationToken ct)
    {
        if (dimension is "endpoint" or "service")
        {
            var merged = await scan.MergeAsync(series, range, (name, _) => new Place(name.Service, dimension == "endpoint" ? name.Endpoint : ""), ct);
            return merged.ToDictionary(pair => pair.Key, pair => Rank(pair.Value, by));
        }

        var sum = await scan.SumAsync(series, range, ct);
        var counts = dimension == "country"
            ? sum.Countries.Select(pair => (pair.Key, pair.Value))
            : sum.Statuses.Where(pair => by == "traffic" || pair.Key >= 500).Select(pair => (pair.Key.ToString(CultureInfo.InvariantCulture), pair.Value));
        return counts.ToDictionary(pair => new Place(pair.Item1, ""), pair => new Rankable(pair.Item2, pair.Item2, pair.Item2, null));
    }

    private static Rankable Rank(WindowFigures figures, string by)
    {
        double value = by switch
        {
            "errors" => figures.Errors,
            "p95" => MetricFigures.Milliseconds(figures.Latency.Quantile(0.95)),
            "time" => MetricFigures.Milliseconds(figures.DurationSumMicros),
            _ => figures.Count,
        };
        return new(value, by == "p95" ? figures.Count : value, figures.Count, figures);
    }

    private static TopEntry Entry(string dimension, Place place, Rankable item, Rankable? before, double total) => new(
        Service: dimension is "endpoint" or "service" ? place.Name : null,
        Endpoint: dimension == "endpoint" ? place.Endpoint : null,
        Country: dimension == "country" ? place.Name : null,
        Status: dimension == "status" ? place.Name : null,
        item.Value,
        Share: total > 0 ? Math.Round(item.Additive / total, 6) : 0,
        Previous: before?.Value,
        Change: Comparison.ChangeOf(item.Value, before?.Value),
        item.Traffic,
        ErrorRate: item.Figures is { } figures ? Math.Round((double)figures.Errors / figures.Count, 6) : null,
        P95Latency: item.Figures is { } sketched ? MetricFigures.Milliseconds(sketched.Latency.Quantile(0.95)) : null);

    private readonly record struct Place(string Name, string Endpoint) : IComparable<Place>
    {
        public int CompareTo(Place other) =>
            string.CompareOrdinal(Name, other.Name) is var byName && byName != 0 ? byName : string.CompareOrdinal(Endpoint, other.Endpoint);
    }

    /// <param name="Additive">What shares are taken of.</param>
    private sealed record Rankable(double Value, double Additive, long Traffic, WindowFigures? Figures);
}

/// <summary>A figure beside the same of the range before.</summary>
/// <param name="Change">As a part of <paramref name="Previous"/>; null where that is nothing.</param>
internal sealed record Comparison(double Value, double Previous, double? Change)
{
    public static Comparison Of(double value, double previous) => new(value, previous, ChangeOf(value, previous));

    public static double? ChangeOf(double value, double? previous) =>
        previous is > 0 and var before ? Math.Round((value - before) / before, 6) : null;
}
