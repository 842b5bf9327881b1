using Bayou.Database;
using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Lines of a span of time by level.</summary>
internal sealed record LogBucket(DateTime WindowStart, DateTime WindowEnd, long Trace, long Debug, long Info, long Warn, long Error, long Fatal)
{
    public long Total => Trace + Debug + Info + Warn + Error + Fatal;
}

/// <param name="WindowSize">Seconds.</param>
internal sealed record HistogramMetadata(DateTime StartDate, DateTime EndDate, double WindowSize, long Total);

/// <summary><c>GET /logs/histogram</c>: how many lines there are over time, by level. Spans without lines are absent.</summary>
internal sealed class LogHistogram(LogFilter filter, LogCounter counter, TimeProvider time)
{
    public static QuerySpec Spec { get; } = LogFilter.Spec(("window_size", "Seconds of each window; unless told, so that about sixty fit."));

    public async Task<Results<ApiResult<IEnumerable<LogBucket>, HistogramMetadata>, ApiProblem>> GetAsync(HttpContext http, CancellationToken ct)
    {
        var query = filter.Reader(http, Spec);
        var selection = filter.Read(query);
        if (query.Problem is { } wrong)
        {
            return wrong;
        }

        var window = SegmentWindow.Of(selection, time);
        var width = window.Width(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        // The first bucket begins before the range does; what is before the range is not counted all the same.
        var origin = window.BucketStart(width!.Value);
        var counts = new SortedDictionary<DateTime, long[]>();
        var lines = await counter.OfAsync(query, selection, ct);
        await lines.ReadAsync(window, origin, width, ["level"], "bucket, level, sum(lines)::bigint", "1, 2", reader =>
        {
            var bucket = reader.GetDateTime(0);
            if (!counts.TryGetValue(bucket, out var levels))
            {
                counts[bucket] = levels = new long[LogLevels.Names.Length];
            }

            levels[reader.GetInt16(1) - 1] += reader.GetInt64(2);
        }, ct);
        var buckets = counts.Select(pair =>
            new LogBucket(pair.Key, pair.Key + width.Value, pair.Value[0], pair.Value[1], pair.Value[2], pair.Value[3], pair.Value[4], pair.Value[5])).ToList();
        return new ApiResult<IEnumerable<LogBucket>, HistogramMetadata>(buckets,
            new HistogramMetadata(window.Start, window.End, width.Value.TotalSeconds, buckets.Sum(bucket => bucket.Total)));
    }
}
