using System.Text.Json;
using Bayou.Http;
using Bayou.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Metrics;

/// <summary><c>GET /metrics/aggregate</c>: windows merged into longer ones, by service and endpoint or not. Empty ones are absent.</summary>
internal sealed class MetricsAggregate(MetricsScan scan, TimeProvider time)
{
    private const int DefaultPoints = 500;
    private const int MaxPoints = 100_000;

    public static QuerySpec Spec { get; } = new(
        [
            .. MetricsSelection.Parameters,
            ("window_size", "Seconds, a multiple of 60; at most 500 points unless told."),
            ("group_by", "none, service, endpoint, or service,endpoint."),
            ("tz", "IANA time zone whose days bound windows of whole days; UTC unless told."),
        ],
        MetricsSelection.Fields);

    public async Task<Results<ApiResult<IEnumerable<AggregatePoint>, WindowedRangeMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var groups = (query.Text("group_by") ?? "none").Split(',');
        if (groups.Distinct().Count() != groups.Length || groups.Except(["none", "service", "endpoint"]).Any()
            || (groups.Length > 1 && groups.Contains("none")))
        {
            query.Fail("group_by", "must be none, service, endpoint, or service,endpoint");
        }

        var byService = groups.Contains("service");
        var byEndpoint = groups.Contains("endpoint");
        var zone = Zone(query);
        var size = WindowGrid.SizeOf(query);
        var selection = MetricsSelection.Of(query, byEndpoint, time);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var windows = new WindowGrid(size ?? WindowGrid.Fitting(selection.Range.Length, DefaultPoints), zone);
        var series = await scan.SeriesAsync(selection, ct);
        var groupOf = Groups(series, byService, byEndpoint, out var names);
        var points = new WrittenPoints();
        http.Response.RegisterForDispose(points);
        void Add(DateTime start, int group, WindowFigures figures)
        {
            var json = points.Begin();
            names[group].Write(json);
            json.WriteTime("window_start"u8, start);
            json.WriteTime("window_end"u8, windows.EndOf(start));
            MetricFigures.Write(json, figures, selection.IsTotal);
            points.End(start, group);
        }

        if (windows.Seconds == WindowKey.Seconds && names.Length == series.Count)
        {
            // Each window is a point of its own.
            var one = new WindowFigures();
            await scan.WindowsAsync(series.Keys, selection.Range, windows.Longest, (id, start, figures) =>
            {
                if (points.Count <= MaxPoints)
                {
                    one.Clear();
                    one.MergeFrom(figures);
                    Add(start, groupOf[id], one);
                }
            }, ct);
        }
        else
        {
            foreach (var ((start, group), figures) in await scan.MergeAsync(series.Keys, selection.Range, windows.Longest, (id, start) =>
                (windows.StartOf(start), groupOf[id]), ct, MaxPoints + 1))
            {
                Add(start, group, figures);
            }
        }

        if (points.Count > MaxPoints)
        {
            return ApiProblem.Validation($"The answer would have more than {MaxPoints} points.",
                new FieldError("window_size", $"is too small for this range and so many groups; an answer has at most {MaxPoints} points"));
        }

        return ApiResult<IEnumerable<AggregatePoint>, WindowedRangeMetadata>.Written(points.InOrder(), WindowedRangeMetadata.Of(selection, windows));
    }

    /// <summary>The group of each series, as its place among them in order of name.</summary>
    private static Dictionary<int, int> Groups(Dictionary<int, SeriesName> series, bool byService, bool byEndpoint, out GroupName[] names)
    {
        var groups =
            series.ToLookup(pair => (Service: byService ? pair.Value.Service : null, Endpoint: byEndpoint ? pair.Value.Endpoint : null), pair => pair.Key)
            .OrderBy(group => group.Key.Service, StringComparer.Ordinal).ThenBy(group => group.Key.Endpoint, StringComparer.Ordinal).ToArray();
        names = [.. groups.Select(group => new GroupName(group.Key.Service, group.Key.Endpoint))];
        return groups.Index().SelectMany(group => group.Item.Select(id => (id, group.Index))).ToDictionary();
    }

    private static TimeZoneInfo Zone(QueryReader query)
    {
        if (query.Text("tz") is not { } name)
        {
            return TimeZoneInfo.Utc;
        }

        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
        {
            return zone;
        }

        query.Fail("tz", "is not an IANA time zone");
        return TimeZoneInfo.Utc;
    }
}

/// <summary>What points of a group have in common; null where services, or endpoints, are not told apart.</summary>
internal sealed class GroupName(string? service, string? endpoint)
{
    private readonly JsonEncodedText? _service = service is null ? null : JsonEncodedText.Encode(service);
    private readonly JsonEncodedText? _endpoint = endpoint is null ? null : JsonEncodedText.Encode(endpoint);

    public void Write(Utf8JsonWriter json)
    {
        if (_service is { } encodedService)
        {
            json.WriteString("service"u8, encodedService);
        }

        if (_endpoint is { } encodedEndpoint)
        {
            json.WriteString("endpoint"u8, encodedEndpoint);
        }
    }
}

/// <summary>Windows side by side: aligned to the epoch, and those of whole days to the midnights of a time zone.</summary>
internal sealed class WindowGrid(long seconds, TimeZoneInfo zone)
{
    private const long Day = 86_400;
    private static readonly long[] Steps =
        [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, Day, 2 * Day, 7 * Day, 14 * Day, 28 * Day];

    public long Seconds => seconds;

    /// <summary>What <c>window_size</c> says; null when it says nothing.</summary>
    public static long? SizeOf(QueryReader query)
    {
        var size = query.Integer("window_size", WindowKey.Seconds, 366 * Day);
        if (size % WindowKey.Seconds != 0 && size is not null)
        {
            query.Fail("window_size", "must be a multiple of 60 (seconds)");
        }

        return size;
    }

    private bool IsDays => seconds % Day == 0;

    /// <summary>The shortest usual window that cuts a range into at most so many points.</summary>
    public static long Fitting(TimeSpan range, int points) =>
        Steps.FirstOrDefault(step => range.TotalSeconds / step <= points, (long)Math.Ceiling(range.TotalSeconds / points / Day) * Day);

    /// <summary>How many seconds a stored window may be long and still be in one of these.</summary>
    public long Longest => IsDays ? WindowPlan.Longest(Offsets()) : Resolution.All.Last(resolution => seconds % resolution.Seconds == 0).Seconds;

    /// <summary>What the zone's midnights may be from those of UTC, in seconds, for as long as anything is stored.</summary>
    private IEnumerable<long> Offsets() => zone.GetAdjustmentRules()
        .Where(rule => rule.DateEnd.Year >= 2000)
        .SelectMany(rule => (TimeSpan[])[rule.BaseUtcOffsetDelta, rule.BaseUtcOffsetDelta + rule.DaylightDelta])
        .Append(TimeSpan.Zero)
        .Select(delta => (long)(zone.BaseUtcOffset + delta).TotalSeconds);

    public DateTime StartOf(DateTime utc)
    {
        if (!IsDays)
        {
            var unix = new DateTimeOffset(utc).ToUnixTimeSeconds();
            return DateTimeOffset.FromUnixTimeSeconds(unix - (unix % seconds)).UtcDateTime;
        }

        var local = DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(utc, zone));
        var day = local.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        return Midnight(local.AddDays(-(day % (int)(seconds / Day))));
    }

    public DateTime EndOf(DateTime start) => IsDays
        ? Midnight(DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(start, zone)).AddDays((int)(seconds / Day)))
        : start.AddSeconds(seconds);

    private DateTime Midnight(DateOnly day)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);

        // Where the clock jumps over midnight, the day begins when it comes out.
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(30);
        }

        return TimeZoneInfo.ConvertTimeToUtc(local, zone);
    }
}
