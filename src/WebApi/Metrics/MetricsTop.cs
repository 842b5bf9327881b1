using System.Globalization;
using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Metrics;

/// <summary>One place of <c>GET /metrics/top</c>.</summary>
/// <param name="Value">What it is ranked by: requests, errors, milliseconds (p95), or milliseconds in all (time).</param>
/// <param name="Share">Of the total of what it is ranked by; of traffic where ranked by p95. 0..1.</param>
/// <param name="Change">Against the range before, as a part of it; null where there was nothing.</param>
/// <param name="Series">Traffic of parts of the range, each of the same whole minutes; null where there were no requests.</param>
internal sealed record TopEntry(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Service,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Endpoint,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Country,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Status,
    double Value, double Share, double? Previous, double? Change, long TrafficCount,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? ErrorRate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? AvgLatency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? P50Latency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? P95Latency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? P99Latency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TotalTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<long?>? Series);

/// <param name="Total">How many there are in all.</param>
internal sealed record TopMetadata(int Limit, int Total);

/// <summary><c>GET /metrics/top</c>: what made most of the traffic, errors, latency or time of a range.</summary>
internal sealed class MetricsTop(MetricsScan scan, TimeProvider time)
{
    private const int DefaultLimit = 10;
    private const int MaxLimit = 10_000;
    private const int MaxPoints = 100;

    public static QuerySpec Spec { get; } = new(
        [
            .. MetricsSelection.ComparedParameters,
            ("dimension", "endpoint, service, country or status."),
            ("by", "traffic, errors, p95 or time; country and status: traffic, status also errors."),
            StatusFilter.Parameter,
            ("points", "Also the traffic of at most so many parts of the range, each of the same whole minutes, 1 to 100; of endpoints and services."),
            ("limit", "Most entries, 1 to 10000; 10 unless told."),
        ],
        MetricsSelection.Fields);

    public async Task<Results<ApiResult<IEnumerable<TopEntry>, TopMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var dimension = query.Choice("dimension", "endpoint", "service", "country", "status");
        var by = query.Choice("by", "traffic", "errors", "p95", "time");
        var limit = (int)(query.Integer("limit", 1, MaxLimit) ?? DefaultLimit);
        var points = (int)(query.Integer("points", 1, MaxPoints) ?? 0);
        var perSeries = dimension is "endpoint" or "service";
        if ((dimension == "country" && by != "traffic") || (dimension == "status" && (by is "p95" or "time")))
        {
            query.Fail("by", $"{by} is not known per {dimension}");
        }

        if (points > 0 && !perSeries)
        {
            query.Fail("points", $"are not known per {dimension}");
        }

        if (dimension == "country" && query.Has("status"))
        {
            query.Fail("status", "does not go with dimension=country: countries are counted over all statuses");
        }

        if (dimension == "country" && query.Filters("endpoint") && !query.Names("endpoint", SeriesName.ServiceTotal))
        {
            query.Fail("endpoint", "does not go with dimension=country: countries are counted per service");
        }

        var statuses = StatusFilter.Of(query);
        var selection = MetricsSelection.Of(query, dimension == "endpoint", time);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var series = await scan.SeriesAsync(selection, ct);
        var ranking = new Ranking(scan, series, dimension, by, statuses);

        // If all places may be shown, read both ranges at once. Otherwise rank first, then read figures and the range before for shown places only.
        var mayShowAll = !perSeries || series.Count <= limit;
        var (now, before) = mayShowAll
            // Points come with figures of their own.
            ? await selection.BothAsync(range => ranking.OfAsync(series.Keys, range, withFigures: points == 0 && range == selection.Range, ct))
            : (await ranking.OfAsync(series.Keys, selection.Range, withFigures: false, ct), null);

        var total = now.Values.Sum(item => item.Additive);
        var ranked = now.Where(pair => pair.Value.Value > 0).ToList();
        var shown = ranked.OrderByDescending(pair => pair.Value.Value).ThenBy(pair => pair.Key).Take(limit).ToList();
        var bare = shown.Where(pair => perSeries && (points > 0 || pair.Value.Figures is null)).Select(pair => pair.Key);
        var detailsRead = ranking.DetailsAsync([.. bare], selection.Range, points, ct);
        var beforeRead = before is null
            ? ranking.OfAsync(ranking.SeriesOf([.. shown.Select(pair => pair.Key)]), selection.Compared, withFigures: false, ct)
            : Task.FromResult(before);
        await Task.WhenAll(detailsRead, beforeRead);
        (var details, before) = (await detailsRead, await beforeRead);
        double? Previous(Place place) => before.TryGetValue(place, out var item) ? by == "p95" ? item.Value
            : Math.Round(item.Value * selection.ComparedScale, 3) : null;
        var entries = shown.Select(pair =>
        {
            var (figures, parts) = details.GetValueOrDefault(pair.Key, (pair.Value.Figures, null));
            return Entry(dimension, pair.Key, pair.Value with { Figures = figures }, Previous(pair.Key), total, parts);
        });
        return new ApiResult<IEnumerable<TopEntry>, TopMetadata>(entries.ToList(), new(limit, ranked.Count));
    }

    private static TopEntry Entry(string dimension, Place place, Rankable item, double? previous, double total, long?[]? parts)
    {
        var figures = item.Figures;
        return new(
            Service: dimension is "endpoint" or "service" ? place.Name : null,
            Endpoint: dimension == "endpoint" ? place.Endpoint : null,
            Country: dimension == "country" ? place.Name : null,
            Status: dimension == "status" ? place.Name : null,
            item.Value,
            Share: total > 0 ? Math.Round(item.Additive / total, 6) : 0,
            previous,
            Change: Comparison.ChangeOf(item.Value, previous),
            item.Traffic,
            ErrorRate: figures is null ? null : MetricFigures.Rate(figures),
            AvgLatency: figures is null ? null : MetricFigures.Milliseconds(figures.AverageMicros),
            P50Latency: Quantile(0.50),
            P95Latency: Quantile(0.95),
            P99Latency: Quantile(0.99),
            TotalTime: figures is null ? null : MetricFigures.Milliseconds(figures.DurationSumMicros),
            parts);

        double? Quantile(double q) => figures is null ? null : MetricFigures.Milliseconds(figures.Quantile(q));
    }
}

/// <summary>What is ranked: a service, an endpoint of one, a country or a status.</summary>
internal readonly record struct Place(string Name, string Endpoint) : IComparable<Place>
{
    public int CompareTo(Place other) =>
        string.CompareOrdinal(Name, other.Name) is var byName && byName != 0 ? byName : string.CompareOrdinal(Endpoint, other.Endpoint);
}

/// <param name="Additive">What shares are taken of.</param>
internal sealed record Rankable(double Value, double Additive, long Traffic, WindowFigures? Figures);

/// <summary>The places of a range and what each is ranked by.</summary>
internal sealed class Ranking(MetricsScan scan, Dictionary<int, SeriesName> series, string dimension, string by, StatusFilter? statuses)
{
    /// <summary>The series of some places.</summary>
    public IEnumerable<int> SeriesOf(HashSet<Place> places) => series.Keys.Where(id => places.Contains(PlaceOf(id)));

    /// <summary>The places of some series in a range.</summary>
    /// <param name="withFigures">Whether figures are wanted also where totals rank the places.</param>
    public async Task<Dictionary<Place, Rankable>> OfAsync(IEnumerable<int> ids, TimeRange range, bool withFigures, CancellationToken ct)
    {
        if (dimension is not ("endpoint" or "service"))
        {
            var sum = await scan.SumAsync(ids, range, ct);
            return Counts(sum).ToDictionary(pair => new Place(pair.Name, ""), pair => new Rankable(pair.Count, pair.Count, pair.Count, null));
        }

        if (by == "p95" || statuses is not null || withFigures)
        {
            var merged = await scan.MergeAsync(ids, range, long.MaxValue, (id, _) => PlaceOf(id), ct);
            return merged.ToDictionary(pair => pair.Key, pair => Rank(pair.Value));
        }

        var totals = new Dictionary<Place, WindowTotals>();
        foreach (var (id, part) in await scan.TotalsAsync(ids, range, ct))
        {
            totals[PlaceOf(id)] = totals.GetValueOrDefault(PlaceOf(id)) + part;
        }

        return totals.ToDictionary(pair => pair.Key, pair => Rank(pair.Value));
    }

    /// <summary>The figures of some places, and the traffic of parts of the range.</summary>
    /// <param name="points">Into how many parts the range is cut at most; 0 for none.</param>
    public async Task<Dictionary<Place, (WindowFigures? Figures, long?[]? Parts)>> DetailsAsync(
        HashSet<Place> places, TimeRange range, int points, CancellationToken ct)
    {
        var details = new Dictionary<Place, (WindowFigures? Figures, long?[]? Parts)>();
        if (places.Count == 0)
        {
            return details;
        }

        // Make each part a whole number of windows; otherwise neighbours would differ by one window and the line would zigzag.
        var partLength = points == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(Math.Ceiling(range.Length.TotalMinutes / points));
        var count = points == 0 ? 0 : (int)Math.Ceiling(range.Length / partLength);
        var longest = points == 0 ? long.MaxValue
            : WindowPlan.Longest(Enumerable.Range(0, count).Select(part => (range.Start + (part * partLength)).ToUnixTimeSeconds()));
        await scan.WindowsAsync(SeriesOf(places), range, longest, (id, start, bytes) =>
        {
            var (figures, parts) = details.GetValueOrDefault(PlaceOf(id), (new WindowFigures(), points == 0 ? null : new long?[count]));
            details[PlaceOf(id)] = (figures, parts);
            var counted = Traffic(figures!);
            figures!.MergeFrom(bytes);
            if (parts is not null)
            {
                var at = (int)((start - range.Start.UtcDateTime) / partLength);
                parts[at] = (parts[at] ?? 0) + Traffic(figures) - counted;
            }
        }, ct);
        return details;
    }

    private Place PlaceOf(int id) => new(series[id].Service, dimension == "endpoint" ? series[id].Endpoint : "");

    private Rankable Rank(WindowTotals totals)
    {
        double value = by switch
        {
            "errors" => totals.Errors,
            "time" => MetricFigures.Milliseconds(totals.DurationSum),
            _ => totals.Traffic,
        };
        return new(value, value, totals.Traffic, null);
    }

    private IEnumerable<(string Name, long Count)> Counts(WindowFigures sum) => dimension == "country"
        ? sum.Countries.Select(pair => (pair.Key, pair.Value))
        : sum.Statuses.Where(pair => (by == "traffic" || pair.Key >= 500) && statuses?.Holds(pair.Key) != false)
            .Select(pair => (pair.Key.ToString(CultureInfo.InvariantCulture), pair.Value));

    private Rankable Rank(WindowFigures figures)
    {
        var traffic = Traffic(figures);
        double value = by switch
        {
            "errors" => figures.Statuses.Where(pair => pair.Key >= 500 && statuses?.Holds(pair.Key) != false).Sum(pair => pair.Value),
            "p95" => MetricFigures.Milliseconds(figures.Quantile(0.95)),
            "time" => MetricFigures.Milliseconds(figures.DurationSumMicros),
            _ => traffic,
        };

        // An endpoint without any of the wanted statuses is not among them.
        return new(traffic == 0 ? 0 : value, by == "p95" ? traffic : value, traffic, figures);
    }

    private long Traffic(WindowFigures figures) => statuses?.Count(figures) ?? figures.Count;
}
