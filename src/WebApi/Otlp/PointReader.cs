using System.Text;
using Bayou.Ingest;
using Bayou.Logs;
using Bayou.Points;

namespace Bayou.Otlp;

/// <summary>Reads an ExportMetricsServiceRequest into points: gauges, sums, histograms of either kind; of a summary its count and its quantiles.</summary>
/// <param name="oldest">What is older is no longer kept.</param>
internal sealed class PointReader(DateTimeOffset now, DateTimeOffset oldest) : RecordReader<PointBatch>(new(MostResource))
{
    // Bytes.
    private const int MostResource = 8 * 1024;
    private const int MostAttributes = 8 * 1024;
    private const int LongestName = 255; // as the specification has it
    private const int LongestUnit = 63;
    private const int LongestDescription = 1_000;

    private const ulong MostCounted = 1UL << 53; // exact in a double
    private const int MostAttributesOfPoint = 1_000;
    private const ulong HasNoValue = 1;
    private const ulong Cumulative = 2;

    private readonly AttributeWriter _attributes = new(MostAttributes);
    private readonly LineSecrets _secrets = new();
    private string _service = "";
    private string _scope = "";

    protected override void BeginResource(PointBatch batch)
    {
        batch.BeginResource(_secrets.OfMeta(Resource.Written));
        _service = Encoding.UTF8.GetString(Resource.Service);
    }

    protected override void BeginScope(PointBatch batch) => _scope = Encoding.UTF8.GetString(Resource.Scope);

    protected override void Add(ReadOnlySpan<byte> record, PointBatch batch)
    {
        ReadOnlySpan<byte> name = default, description = default, unit = default, data = default;
        var shape = 0;
        for (var fields = new WireReader(record); fields.Next();)
        {
            switch (fields.Field)
            {
                case 1:
                    name = fields.Bytes;
                    break;
                case 2:
                    description = fields.Bytes;
                    break;
                case 3:
                    unit = fields.Bytes;
                    break;
                case 5 or 7 or 9 or 10 or 11:
                    shape = fields.Field;
                    data = fields.Bytes;
                    break;
            }
        }

        if (name.IsEmpty || shape == 0)
        {
            Refuse(name.IsEmpty ? "name is required" : "a metric is a gauge, a sum, a histogram or a summary");
            return;
        }

        var (isCumulative, isMonotonic) = (false, false);
        for (var fields = new WireReader(data); fields.Next();)
        {
            isCumulative |= fields.Field == 2 && fields.Number == Cumulative;
            isMonotonic |= fields.Field == 3 && fields.Number != 0;
        }

        var metric = new SeriesIdentity(
            Text(name, LongestName), shape switch { 5 => PointKind.Gauge, 7 => PointKind.Sum, _ => PointKind.Histogram }, isCumulative || shape == 11,
            isMonotonic, Text(unit, LongestUnit), Text(description, LongestDescription), _service, _scope, []);
        for (var points = new WireReader(data); points.Next();)
        {
            if (points.Field != 1 || !points.HasBytes)
            {
                continue;
            }

            if (IsTooMuch(batch))
            {
                return; // Which the whole is told of.
            }

            AddPoint(points.Bytes, shape, metric, batch);
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _attributes.Dispose();
        }
    }

    private void AddPoint(ReadOnlySpan<byte> point, int shape, SeriesIdentity metric, PointBatch batch)
    {
        var read = new PointFields(shape);
        read.Read(point);
        if ((read.Flags & HasNoValue) != 0)
        {
            return; // It says that there is none.
        }

        if (ProblemOf(read) is { } problem)
        {
            Refuse(problem);
            return;
        }

        if (shape == 11)
        {
            metric = metric with { Kind = PointKind.Sum, IsMonotonic = true, Unit = "" }; // Quantiles cannot be merged: how many there were can.
        }

        var series = batch.PlaceOf(metric with { Attributes = AttributesOf(point, shape == 10 ? 1 : shape == 9 ? 9 : 7) });
        batch.Add(new(
            series, (long)read.Time, read.Start > read.Time ? 0 : (long)read.Start,
            shape == 11 ? read.Count : read.Value, (long)Math.Min(read.Count, long.MaxValue),
            shape is 9 or 10 ? read.Buckets() : null));
    }

    private string? ProblemOf(in PointFields point) =>
        point.Time == 0 ? "time_unix_nano is required"
        : ItemTime.Problem(default, DateTimeOffset.UnixEpoch.AddTicks((long)(point.Time / 100)), oldest, now + ItemLimits.MaxAhead) is { } problem
            ? $"time_unix_nano {problem}"
        : !double.IsFinite(point.Value) ? "the value must be a finite number"
        : point.BucketCount > PointBuckets.Most ? $"has more than {PointBuckets.Most} buckets"
        : point.Count > MostCounted || point.HasCountBeyond(MostCounted) ? $"count and bucket_counts must be at most {MostCounted}"
        : point.HasOddBounds ? "explicit_bounds must be ascending, one fewer than bucket_counts" : null;

    /// <summary>In the order of their names: a sender may have them in any.</summary>
    private byte[] AttributesOf(ReadOnlySpan<byte> point, int field)
    {
        var places = new List<(string Key, Range Place)>();
        for (var fields = new WireReader(point); fields.Next();)
        {
            if (fields.Field == field && fields.HasBytes && places.Count < MostAttributesOfPoint)
            {
                AttributeWriter.Split(fields.Bytes, out var key, out _);
                var start = fields.End - fields.Bytes.Length;
                places.Add((Encoding.UTF8.GetString(key), start..fields.End));
            }
        }

        places.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        _attributes.Begin();
        _attributes.BeginObject();
        foreach (var (_, place) in places)
        {
            _attributes.Attribute(point[place]);
        }

        _attributes.EndObject();
        return _secrets.OfMeta(_attributes.Written).ToArray();
    }

    private static string Text(ReadOnlySpan<byte> text, int longest) =>
        Encoding.UTF8.GetString(AttributeWriter.Clean(AttributeWriter.Beginning(text, longest)));
}
