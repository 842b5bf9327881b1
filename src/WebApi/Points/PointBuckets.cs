using System.Buffers.Binary;

namespace Bayou.Points;

/// <summary>A part of what was measured.</summary>
/// <param name="Lower">Not in it; minus infinity for all below.</param>
/// <param name="Upper">In it; infinity for all above.</param>
internal readonly record struct PointBucket(double Lower, double Upper, long Count);

/// <summary>What a histogram counted, those buckets that have something, ascending; of explicit bounds or of exponential ones alike.</summary>
internal static class PointBuckets
{
    /// <summary>Of a point.</summary>
    public const int Most = 5_000;

    private const int BytesOf = 24; // of a bucket
    private const double Near = 1e-9; // as a part of a bound: two that are so near are the same

    /// <summary>As the table has them.</summary>
    public static byte[] ToBytes(IReadOnlyList<PointBucket> buckets)
    {
        var bytes = new byte[buckets.Count * BytesOf];
        for (var at = 0; at < buckets.Count; at++)
        {
            var to = bytes.AsSpan(at * BytesOf);
            BinaryPrimitives.WriteDoubleLittleEndian(to, buckets[at].Lower);
            BinaryPrimitives.WriteDoubleLittleEndian(to[8..], buckets[at].Upper);
            BinaryPrimitives.WriteInt64LittleEndian(to[16..], buckets[at].Count);
        }

        return bytes;
    }

    public static PointBucket[] FromBytes(ReadOnlySpan<byte> bytes)
    {
        var buckets = new PointBucket[bytes.Length / BytesOf];
        for (var at = 0; at < buckets.Length; at++)
        {
            var from = bytes[(at * BytesOf)..];
            buckets[at] = new(
                BinaryPrimitives.ReadDoubleLittleEndian(from), BinaryPrimitives.ReadDoubleLittleEndian(from[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(from[16..]));
        }

        return buckets;
    }

    /// <summary>Both together; where there are more than are kept of a point, neighbours become one.</summary>
    public static PointBucket[] Sum(IEnumerable<PointBucket> a, IEnumerable<PointBucket> b)
    {
        var counts = new Dictionary<(double Lower, double Upper), long>();
        foreach (var bucket in a.Concat(b))
        {
            AddTo(counts, bucket);
        }

        var sum = Sorted(counts);
        while (sum.Length > Most)
        {
            sum = [.. sum.Chunk(2).Select(pair => new PointBucket(pair[0].Lower, pair[^1].Upper, pair.Select(one => one.Count).Aggregate(Plus)))];
        }

        return sum;
    }

    /// <summary>Adds a bucket to others.</summary>
    public static void AddTo(Dictionary<(double Lower, double Upper), long> counts, PointBucket bucket) =>
        counts[(bucket.Lower, bucket.Upper)] = Plus(counts.GetValueOrDefault((bucket.Lower, bucket.Upper)), bucket.Count);

    public static PointBucket[] Sorted(Dictionary<(double Lower, double Upper), long> counts) =>
        [.. counts.Select(one => new PointBucket(one.Key.Lower, one.Key.Upper, one.Value)).OrderBy(bucket => bucket.Upper).ThenBy(bucket => bucket.Lower)];

    /// <summary>A sum that ends at the largest number there is.</summary>
    public static long Plus(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;

    /// <summary>
    /// What came since an earlier state of the same counter. Where buckets were made coarser meanwhile, as exponential histograms do, each holds those
    /// that it is made of.
    /// </summary>
    /// <returns>Null where it is no later state of that: then it counts anew.</returns>
    public static PointBucket[]? Since(IReadOnlyList<PointBucket> now, IReadOnlyList<PointBucket> before)
    {
        var (came, at) = (new List<PointBucket>(), 0);
        foreach (var bucket in now)
        {
            var had = 0L;
            while (at < before.Count && IsWithin(before[at], bucket))
            {
                had = Plus(had, before[at++].Count);
            }

            if (had > bucket.Count)
            {
                return null;
            }

            if (bucket.Count > had)
            {
                came.Add(bucket with { Count = bucket.Count - had });
            }
        }

        return at == before.Count ? [.. came] : null;
    }

    /// <summary>A quantile, evenly within its bucket; of the lowest and the highest their finite bound. NaN of nothing.</summary>
    public static double Quantile(IReadOnlyList<PointBucket> buckets, double q)
    {
        var rank = q * buckets.Sum(bucket => (double)bucket.Count);
        foreach (var bucket in buckets)
        {
            if (rank > bucket.Count)
            {
                rank -= bucket.Count;
                continue;
            }

            return double.IsInfinity(bucket.Upper) ? bucket.Lower : double.IsInfinity(bucket.Lower) ? bucket.Upper
                : bucket.Lower + ((bucket.Upper - bucket.Lower) * rank / bucket.Count);
        }

        return double.NaN;
    }

    private static bool IsWithin(PointBucket inner, PointBucket outer) => AtLeast(inner.Lower, outer.Lower) && AtLeast(outer.Upper, inner.Upper);

    private static bool AtLeast(double a, double b) => a >= b || Math.Abs(a - b) <= Near * Math.Max(Math.Abs(a), Math.Abs(b));
}
