using System.Globalization;
using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Metrics;

/// <summary>One part of a change, in requests, errors or milliseconds.</summary>
/// <param name="Delta">Value less previous.</param>
/// <param name="Share">Of all that changed in its list, up and down alike: 0..1.</param>
/// <param name="Statuses">Of an endpoint: by how much each status changed, largest first.</param>
internal sealed record ChangePart(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Service,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Endpoint,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Country,
    double Value, double Previous, double Delta, double Share,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChangePart>? Statuses);

/// <summary>What made a range differ from the one before.</summary>
/// <param name="Countries">Null where they cannot be told: they are counted per service.</param>
internal sealed record Changes(
    string By, Comparison Traffic, Comparison ErrorRate, Comparison AvgLatency, Comparison P95Latency, Comparison P99Latency,
    IReadOnlyList<ChangePart> Endpoints, IReadOnlyList<ChangePart> Statuses, IReadOnlyList<ChangePart>? Countries);

/// <summary>
/// <c>GET /metrics/changes</c>: which endpoints, statuses and countries made a range differ from the one before. Counts add up, so
/// each part's own change is its contribution. So does time: an endpoint's part in a change of latency is the time its requests took
/// beyond what as many would have taken before, which neither more traffic nor another mix of endpoints can feign.
/// </summary>
internal sealed class MetricsChanges(MetricsScan scan, TimeProvider time)
{
    private const int DefaultLimit = 10;
    private const int StatusesOfEndpoint = 3;

    public static QuerySpec Spec { get; } = new(
        [
            .. MetricsSelection.ComparedParameters,
            ("by", "traffic, errors, or latency: time taken beyond what as many requests took before, in milliseconds."),
            ("limit", "Most parts of each list, 1 to 100; 10 unless told."),
        ],
        MetricsSelection.Fields);

    public async Task<Results<ApiResult<Changes, ComparedRangeMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var by = query.Choice("by", "traffic", "errors", "latency");
        var limit = (int)(query.Integer("limit", 1, 100) ?? DefaultLimit);
        var selection = MetricsSelection.Of(query, perEndpoint: true, time);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var series = await scan.SeriesAsync(selection, ct);
        var (now, before) = await selection.BothAsync(range => scan.MergeAsync(series.Keys, range, long.MaxValue, (id, _) => series[id], ct));
        var (nowSum, beforeSum) = (Sum(now.Values), Sum(before.Values));
        Comparison Compare(Func<WindowFigures, double> micros) =>
            Comparison.Of(MetricFigures.Milliseconds(micros(nowSum)), MetricFigures.Milliseconds(micros(beforeSum)));

        // A latency is not known by status, so there the lists say how the traffic shifted.
        bool IsCounted(int status) => by != "errors" || status >= 500;
        return new ApiResult<Changes, ComparedRangeMetadata>(new(
            by,
            Traffic: Comparison.Of(nowSum.Count, beforeSum.Count),
            ErrorRate: Comparison.Of(MetricFigures.Rate(nowSum), MetricFigures.Rate(beforeSum)),
            AvgLatency: Compare(f => f.AverageMicros),
            P95Latency: Compare(f => f.Quantile(0.95)),
            P99Latency: Compare(f => f.Quantile(0.99)),
            Endpoints: Parts(Measured(now, before, beforeSum, by), limit, (name, part) => part with
            {
                Service = name.Service,
                Endpoint = name.Endpoint,
                Statuses = Statuses(now.GetValueOrDefault(name), before.GetValueOrDefault(name), IsCounted, StatusesOfEndpoint),
            }),
            Statuses: Statuses(nowSum, beforeSum, IsCounted, limit),
            Countries: await CountriesAsync(query, selection, limit, ct)), ComparedRangeMetadata.Of(selection));
    }

    /// <summary>Each endpoint's value and the one it is set against.</summary>
    private static IEnumerable<(SeriesName Key, double Value, double Previous)> Measured(
        Dictionary<SeriesName, WindowFigures> now, Dictionary<SeriesName, WindowFigures> before, WindowFigures beforeSum, string by)
    {
        var none = new WindowFigures();
        foreach (var name in now.Keys.Union(before.Keys))
        {
            var (after, earlier) = (now.GetValueOrDefault(name, none), before.GetValueOrDefault(name, none));
            yield return by switch
            {
                "errors" => (name, after.Errors, earlier.Errors),
                "latency" => (name, MetricFigures.Milliseconds(after.DurationSumMicros),
                    MetricFigures.Milliseconds(after.Count * (earlier.Count > 0 ? earlier : beforeSum).AverageMicros)),
                _ => (name, after.Count, earlier.Count),
            };
        }
    }

    private static List<ChangePart> Statuses(WindowFigures? now, WindowFigures? before, Func<int, bool> isCounted, int limit) => Parts(
        Beside(CountedStatuses(now, isCounted), CountedStatuses(before, isCounted)), limit,
        (status, part) => part with { Status = status.ToString(CultureInfo.InvariantCulture) });

    /// <summary>Countries are counted per service, for all its requests; null where endpoints are picked.</summary>
    private async Task<List<ChangePart>?> CountriesAsync(QueryReader query, MetricsSelection selection, int limit, CancellationToken ct)
    {
        if (query.Filters("endpoint") && !query.Names("endpoint", SeriesName.ServiceTotal))
        {
            return null;
        }

        var total = MetricsSelection.Of(query, perEndpoint: false, time) with { Range = selection.Range, Compared = selection.Compared };
        var series = await scan.SeriesAsync(total, ct);
        var (now, before) = await total.BothAsync(range => scan.SumAsync(series.Keys, range, ct));
        return Parts(Beside(now.Countries.ToDictionary(), before.Countries.ToDictionary()), limit, (country, part) => part with { Country = country });
    }

    private static IEnumerable<(TKey Key, double Value, double Previous)> Beside<TKey>(Dictionary<TKey, long> now, Dictionary<TKey, long> before)
        where TKey : notnull =>
        now.Keys.Union(before.Keys).Select(key => (key, (double)now.GetValueOrDefault(key), (double)before.GetValueOrDefault(key)));

    private static List<ChangePart> Parts<TKey>(
        IEnumerable<(TKey Key, double Value, double Previous)> measured, int limit, Func<TKey, ChangePart, ChangePart> named)
    {
        var parts = measured.Where(part => part.Value != part.Previous).ToList();
        var moved = parts.Sum(part => Math.Abs(part.Value - part.Previous));
        return [.. parts
            .OrderByDescending(part => Math.Abs(part.Value - part.Previous)).ThenBy(part => $"{part.Key}", StringComparer.Ordinal)
            .Take(limit)
            .Select(part => named(part.Key, new(
                null, null, null, null, part.Value, part.Previous, Math.Round(part.Value - part.Previous, 3),
                Math.Round(Math.Abs(part.Value - part.Previous) / moved, 6), null)))];
    }

    private static Dictionary<int, long> CountedStatuses(WindowFigures? figures, Func<int, bool> isCounted) =>
        figures?.Statuses.Where(pair => isCounted(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value) ?? [];

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
