using Bayou.Segments;

namespace Bayou.Points;

/// <summary>Adds points up by group and window.</summary>
internal sealed class SeriesLines(string aggregate, SegmentWindow range, TimeSpan width)
{
    private readonly Dictionary<(string Group, int Window), Sum> _sums = [];
    private readonly int _windows = (int)Math.Ceiling((range.End - range.BucketStart(width)) / width);

    /// <summary>Of the first window.</summary>
    public DateTime Begin { get; } = range.BucketStart(width);

    /// <param name="before">The series' point before; null for none.</param>
    public void Add(KnownPointSeries series, StoredPoint point, StoredPoint? before)
    {
        if (point.Minute < Begin)
        {
            return; // Only what comes after it is asked for.
        }

        var came = series.Kind == PointKind.Gauge || !series.IsCumulative ? point : point.Since(before);
        var key = (series.Group ?? "", (int)((point.Minute - Begin) / width));
        if (came is null || key.Item2 >= _windows)
        {
            return;
        }

        if (!_sums.TryGetValue(key, out var sum))
        {
            _sums[key] = sum = new(aggregate[0] == 'p');
        }

        sum.Add(came, series.Kind == PointKind.Histogram);
    }

    /// <summary>Those of the most, by all of their values, and whether there are more.</summary>
    public (IReadOnlyList<SeriesLine> Lines, bool IsCut) Most(int count)
    {
        var lines = _sums.GroupBy(one => one.Key.Group).Select(group =>
        {
            var values = new double?[_windows];
            foreach (var ((_, window), sum) in group)
            {
                values[window] = sum.Value(aggregate, width) is var value && double.IsFinite(value) ? value : null;
            }

            return new SeriesLine(group.Key.Length == 0 ? null : group.Key, values);
        }).OrderByDescending(line => line.Values.Sum(value => Math.Abs(value ?? 0))).ThenBy(line => line.Group, StringComparer.Ordinal).ToList();
        return (lines.Take(count).ToList(), lines.Count > count);
    }

    /// <param name="needsBuckets">Whether a quantile is asked.</param>
    private sealed class Sum(bool needsBuckets)
    {
        private readonly Dictionary<(double Lower, double Upper), long> _buckets = [];
        private double _sum;
        private double _min = double.PositiveInfinity;
        private double _max = double.NegativeInfinity;
        private double _last;
        private long _lastAt;
        private long _points;
        private long _measured;

        public void Add(StoredPoint point, bool isHistogram)
        {
            var value = isHistogram && point.Count > 0 ? point.Value / point.Count : point.Value;
            _sum += point.Value;
            _measured = PointBuckets.Plus(_measured, point.Count);
            _points++;
            (_min, _max) = (Math.Min(_min, value), Math.Max(_max, value));
            (_last, _lastAt) = point.At >= _lastAt ? (value, point.At) : (_last, _lastAt);
            foreach (var bucket in needsBuckets ? point.Buckets : [])
            {
                PointBuckets.AddTo(_buckets, bucket);
            }
        }

        private static double Percent(string digits) => double.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);

        public double Value(string aggregate, TimeSpan width) => aggregate switch
        {
            "rate" => (_measured > 0 ? _measured : _sum) / width.TotalSeconds,
            "sum" => _sum,
            "avg" => _sum / (_measured > 0 ? _measured : _points),
            "min" => _min,
            "max" => _max,
            "last" => _last,
            "count" => _measured > 0 ? _measured : _points,
            _ => PointBuckets.Quantile(PointBuckets.Sorted(_buckets), Percent(aggregate[1..]) / 100),
        };
    }
}
