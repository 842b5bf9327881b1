using CsCheck;

namespace Bayou.Points;

/// <summary>What histograms counted: of explicit bounds and of exponential ones alike.</summary>
public sealed class PointBucketsTests
{
    private static readonly Gen<PointBucket[]> Any = Gen.Int[0, 1_000].Array[1, 20].Select(counts => counts
        .Select((count, at) => new PointBucket(at, at + 1, count)).Where(bucket => bucket.Count > 0).ToArray());

    [Fact]
    public void What_came_since_is_what_was_added() => Gen.Select(Any, Any).Sample((before, came) =>
    {
        var now = PointBuckets.Sum(before, came);
        Assert.Equal(came, PointBuckets.Since(now, before)!);
        Assert.Equal(now, PointBuckets.FromBytes(PointBuckets.ToBytes(now)));
    });

    [Fact]
    public void A_quantile_is_within_the_bucket_that_has_its_rank() => Gen.Select(Any.Where(all => all.Length > 0), Gen.Double[0.01, 1]).Sample((all, q) =>
    {
        var value = PointBuckets.Quantile(all, q);
        var rank = q * all.Sum(bucket => bucket.Count);
        Assert.True(all.Where(bucket => bucket.Upper <= value).Sum(bucket => bucket.Count) <= rank + 1e-6);
        Assert.True(all.Where(bucket => bucket.Lower < value).Sum(bucket => bucket.Count) >= rank - 1e-6);
    });

    [Fact]
    public void Coarser_buckets_hold_those_that_they_are_made_of()
    {
        PointBucket[] fine = [new(1, Math.Sqrt(2), 3), new(Math.Sqrt(2), 2, 4), new(4, 4 * Math.Sqrt(2), 1)];
        PointBucket[] coarse = [new(1, 2, 9), new(4, 8, 1)];
        Assert.Equal([new PointBucket(1, 2, 2)], PointBuckets.Since(coarse, fine)!);
        Assert.Null(PointBuckets.Since([new(1, 2, 6), new(4, 8, 1)], fine)); // fewer: it has begun anew
        Assert.Null(PointBuckets.Since([new(4, 8, 9)], fine));
    }

    [Fact]
    public void Nothing_has_no_quantile_and_ends_are_their_finite_bounds()
    {
        Assert.True(double.IsNaN(PointBuckets.Quantile([], 0.5)));
        Assert.Equal(5, PointBuckets.Quantile([new(5, double.PositiveInfinity, 3)], 0.5));
        Assert.Equal(0.1, PointBuckets.Quantile([new(double.NegativeInfinity, 0.1, 3)], 0.5));
    }
}
