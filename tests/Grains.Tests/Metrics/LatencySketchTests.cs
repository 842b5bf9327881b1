using System.Buffers;

namespace Bayou.Metrics;

public sealed class LatencySketchTests
{
    private static readonly double[] Quantiles = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

    [Theory]
    [InlineData("log-normal")]
    [InlineData("uniform")]
    [InlineData("two peaks")]
    [InlineData("constant")]
    public void Every_quantile_is_within_one_percent_of_the_exact_one(string shape)
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 50_000).Select(i => shape switch
        {
            "log-normal" => (long)Math.Exp(9 + (1.2 * Normal(random))),
            "uniform" => random.NextInt64(1, 10_000_000),
            "two peaks" => i % 10 == 0 ? random.NextInt64(900_000, 1_100_000) : random.NextInt64(800, 1_200),
            _ => 12_345,
        }).ToList();
        var sketch = Of(values);
        values.Sort();
        foreach (var q in Quantiles)
        {
            var exact = values[Math.Max(0, (int)Math.Ceiling((q * values.Count) - 1e-9) - 1)];
            Assert.InRange(sketch.Quantile(q), exact * 0.99 - 1e-6, exact * 1.01 + 1e-6);
        }
    }

    [Fact]
    public void Merging_gives_exactly_the_sketch_of_all_values_together()
    {
        var random = new Random(3);
        var parts = Enumerable.Range(0, 20).Select(_ => Enumerable.Range(0, 500).Select(_ => random.NextInt64(0, 5_000_000)).ToList()).ToList();
        var merged = new LatencySketch();
        foreach (var part in parts)
        {
            merged.Merge(Of(part));
        }

        Assert.Equal(Bytes(Of(parts.SelectMany(p => p))), Bytes(merged));
    }

    [Fact]
    public void Few_values_and_many_give_the_same_sketch_in_whatever_order_they_come()
    {
        var random = new Random(11);
        for (var count = 1; count <= 200; count++) // Beyond 64, values are counted by bin.
        {
            var values = Enumerable.Range(0, count).Select(_ => random.NextInt64(0, 5_000)).ToArray();
            var byHalves = Of(values[..(count / 2)]);
            byHalves.Merge(Of(values[(count / 2)..]));
            var read = new LatencySketch();
            ReadOnlySpan<byte> bytes = Bytes(byHalves);
            read.MergeFrom(ref bytes);
            Assert.Equal(Bytes(Of(values)), Bytes(byHalves));
            Assert.Equal(Bytes(Of(values)), Bytes(read));
            Assert.Equal(values.Length, read.Bins().Sum(bin => bin.Count) + read.Zeros);
            foreach (var q in Quantiles)
            {
                Assert.Equal(byHalves.Quantile(q), read.Quantile(q));
            }
        }
    }

    [Fact]
    public void A_cleared_sketch_has_nothing_left_of_what_it_held()
    {
        var random = new Random(5);
        var again = new LatencySketch();
        for (var round = 0; round < 300; round++)
        {
            // Few and many, near and far: every way to use, to move and to enlarge the room of before.
            var values = Enumerable.Range(0, random.Next(1, 300)).Select(_ => (long)Math.Exp(random.NextDouble() * random.Next(1, 24)) - 1).ToArray();
            ReadOnlySpan<byte> bytes = Bytes(Of(values));
            again.Clear();
            again.MergeFrom(ref bytes);
            Assert.Equal(Bytes(Of(values)), Bytes(again));
            again.Clear();
            again.Merge(Of(values));
            Assert.Equal(Bytes(Of(values)), Bytes(again));
            Assert.Equal(Of(values).Quantile(0.95), again.Quantile(0.95));
            again.Clear();
            foreach (var value in values)
            {
                again.Add(value);
            }

            Assert.Equal(Bytes(Of(values)), Bytes(again));
        }
    }

    [Fact]
    public void Each_value_is_in_the_bin_that_holds_it()
    {
        var random = new Random(1);
        var values = Enumerable.Range(1, 5_000).Select(i => (long)i)
            .Concat(Enumerable.Range(0, 37).SelectMany(power => new[] { (1L << power) - 1, 1L << power, (1L << power) + 1 }))
            .Concat(Enumerable.Range(0, 20_000).Select(_ => (long)Math.Exp(random.NextDouble() * Math.Log(LatencySketch.MaxMicros))))
            .Where(value => value is > 0 and <= LatencySketch.MaxMicros);
        foreach (var value in values)
        {
            var (lower, upper, _) = Assert.Single(Of([value]).Bins());
            Assert.True(value > lower * (1 - 1e-9) && value <= upper * (1 + 1e-9), $"{value} is not in ({lower}, {upper}]");
        }
    }

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        var sketch = Of([0, 0, 1, 2, 999, 86_400_000_000]);
        var copy = new LatencySketch();
        ReadOnlySpan<byte> bytes = Bytes(sketch);
        copy.MergeFrom(ref bytes);
        Assert.True(bytes.IsEmpty);
        Assert.Equal(Bytes(sketch), Bytes(copy));
        Assert.Equal(6, copy.Count);
    }

    [Fact]
    public void Extremes_are_held()
    {
        Assert.InRange(Of([860, 1_450, 2_550]).Quantile(0.99), 2_550 * 0.99, 2_550 * 1.01); // Of three, the longest.
        Assert.Equal(0, new LatencySketch().Quantile(0.5));
        Assert.Equal(0, Of([0, 0, 5]).Quantile(0.5));
        Assert.InRange(Of([1]).Quantile(0.5), 0.99, 1.01);
        Assert.InRange(Of([long.MaxValue]).Quantile(1), LatencySketch.MaxMicros * 0.99, LatencySketch.MaxMicros * 1.01);
        Assert.Throws<ArgumentOutOfRangeException>(() => Of([-1]));
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0, 1 })]
    [InlineData(new byte[] { 0, 1, 0xFF, 0xFF, 0x7F, 1 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    public void Bytes_that_are_no_sketch_are_refused(byte[] bytes) =>
        Assert.Throws<InvalidDataException>(() =>
        {
            ReadOnlySpan<byte> input = bytes;
            new LatencySketch().MergeFrom(ref input);
        });

    private static LatencySketch Of(IEnumerable<long> values)
    {
        var sketch = new LatencySketch();
        foreach (var value in values)
        {
            sketch.Add(value);
        }

        return sketch;
    }

    private static byte[] Bytes(LatencySketch sketch)
    {
        var output = new ArrayBufferWriter<byte>();
        sketch.Write(output);
        return output.WrittenSpan.ToArray();
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
