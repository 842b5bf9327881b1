using System.Globalization;
using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Ingest;

namespace Bayou.Metrics;

/// <summary>One part of a change.</summary>
/// <param name="Delta">Value less previous.</param>
/// <param name="Share">Of all that changed in its list, up and down alike: 0..1.</param>
/// <param name="Statuses">Of an endpoint: by how much each status changed, largest first.</param>
internal sealed record ChangePart(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Service,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Endpoint,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Country,
    long Value, long Previous, long Delta, double Share,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChangePart>? Statuses);

/// <summary>
/// <c>GET /metrics/changes</c>: which endpoints, statuses and countries made a range differ from the one before. Counts add up, so
/// each part's own change is its contribution: of requests, of errors, or of requests slower than the p95 of before.
/// </summary>
internal sealed class MetricsChanges(MetricsScan scan, TimeProvider time)
{
    private const int DefaultLimit = 10;
    private const int StatusesOfEndpoint = 3;

    public static QuerySpec Spec { get; } = new(
        [
            .. MetricsSelection.ComparedParameters,
            ("by", "traffic, errors, or slow: requests slower than 95 % of those before."),
            ("limit", "Most parts of each list, 1 to 100; 10 unless told."),
        ],
        MetricsSelection.Fields);

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var by = query.Choice("by", "traffic", "errors", "slow");
        var limit = (int)(query.Whole("limit", 1, 100) ?? DefaultLimit);
        var selection = MetricsSelection.Of(query, perEndpoint: true, time);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var series = await scan.SeriesAsync(selection, ct);
        var now = await scan.MergeAsync(series, selection.Range, (name, _) => name, ct);
        var before = await scan.MergeAsync(series, selection.Compared, (name, _) => name, ct);
        var (nowSum, beforeSum) = (Sum(now.Values), Sum(before.Values));
        var threshold = (beforeSum.Count > 0 ? beforeSum : nowSum).Latency.Quantile(0.95);
        long Count(WindowFigures figures) => by switch
        {
            "errors" => figures.Errors,
            "slow" => figures.Count - figures.Latency.CountUpTo((long)threshold),
            _ => figures.Count,
        };

        // A latency is not known by status, so there the lists say how the traffic shifted.
        bool IsCounted(int status) => by != "errors" || status >= 500;
        return new ApiResult(new
        {
            by,
            value = Count(nowSum),
            previous = Count(beforeSum),
            slow_above = by == "slow" ? MetricFigures.Milliseconds(threshold) : (double?)null,
            traffic = Comparison.Of(nowSum.Count, beforeSum.Count),
            error_rate = Comparison.Of(ErrorRate(nowSum), ErrorRate(beforeSum)),
            p95_latency = Comparison.Of(
                MetricFigures.Milliseconds(nowSum.Latency.Quantile(0.95)), MetricFigures.Milliseconds(beforeSum.Latency.Quantile(0.95))),
            endpoints = Parts(now, before, Count, limit, (name, part) => part with
            {
                Service = name.Service,
                Endpoint = name.Endpoint,
                Statuses = Statuses(now.GetValueOrDefault(name), before.GetValueOrDefault(name), IsCounted, StatusesOfEndpoint),
            }),
            statuses = Statuses(nowSum, beforeSum, IsCounted, limit),
            countries = await CountriesAsync(query, limit, ct),
        }, new { start_date = selection.Range.Start.UtcDateTime, end_date = selection.Range.End.UtcDateTime, compare_to = selection.Compared.Start.UtcDateTime });
    }

    private static List<ChangePart> Statuses(WindowFigures? now, WindowFigures? before, Func<int, bool> isCounted, int limit) => Parts(
        CountedStatuses(now, isCounted), CountedStatuses(before, isCounted), count => count, limit, (status, part) => part with { Status = status.ToString(CultureInfo.InvariantCulture) });

    /// <summary>Countries are counted per service, for all its requests; null where endpoints are picked.</summary>
    private async Task<List<ChangePart>?> CountriesAsync(QueryReader query, int limit, CancellationToken ct)
    {
        if (query.Filters("endpoint"))
        {
            return null;
        }

        var whole = MetricsSelection.Of(query, perEndpoint: false, time);
        var series = await scan.SeriesAsync(whole, ct);
        var now = await scan.SumAsync(series, whole.Range, ct);
        var before = await scan.SumAsync(series, whole.Compared, ct);
        return Parts(now.Countries, before.Countries, count => count, limit, (country, part) => part with { Country = country });
    }

    private static List<ChangePart> Parts<TKey, TValue>(
        IReadOnlyDictionary<TKey, TValue> now, IReadOnlyDictionary<TKey, TValue> before, Func<TValue, long> count, int limit,
        Func<TKey, ChangePart, ChangePart> named)
        where TKey : notnull
    {
        var parts = now.Keys.Union(before.Keys)
            .Select(key => (Key: key, Value: now.TryGetValue(key, out var n) ? count(n) : 0, Previous: before.TryGetValue(key, out var b) ? count(b) : 0))
            .Where(part => part.Value != part.Previous)
            .ToList();
        double moved = parts.Sum(part => Math.Abs(part.Value - part.Previous));
        return [.. parts
            .OrderByDescending(part => Math.Abs(part.Value - part.Previous)).ThenBy(part => $"{part.Key}", StringComparer.Ordinal)
            .Take(limit)
            .Select(part => named(part.Key, new(
                null, null, null, null, part.Value, part.Previous, part.Value - part.Previous,
                Math.Round(Math.Abs(part.Value - part.Previous) / moved, 6), null)))];
    }

    private static Dictionary<int, long> CountedStatuses(WindowFigures? figures, Func<int, bool> isCounted) =>
        figures?.Statuses.Where(pair => isCounted(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value) ?? [];

    private static double ErrorRate(WindowFigures figures) => figures.Count == 0 ? 0 : Math.Round((double)figures.Errors / figures.Count, 6);

    private static WindowFigures Sum(IEnumerable<WindowFigures> parts)
    {
        var sum = new WindowFigures();
        foreach (var part in parts)
        {
            sum.Merge(part);
        }

        return sum;
    }
}
