using System.Buffers;

namespace Bayou.Metrics;

/// <summary>
/// A quantile sketch of durations in microseconds: DDSketch (Masson, Rim, Lee: "DDSketch: a fast and
/// fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019). Every quantile is within
/// 1 % of a true one, and merging two sketches gives exactly the sketch of all their values together.
/// Not thread-safe.
/// </summary>
public sealed class LatencySketch
{
    /// <summary>The largest duration held apart, a day; longer ones are counted as a day.</summary>
    public const long MaxMicros = 86_400_000_000;

    private const double Accuracy = 0.01;
    private const double Slack = 1e-9; // 0.95 × 100 must not be a hair above 95
    private const double Gamma = (1 + Accuracy) / (1 - Accuracy);
    private static readonly double LogGamma = Math.Log(Gamma);
    private static readonly int MaxBin = BinOf(MaxMicros);

    // _bins[i] counts the values in bin _first + i; bin b holds (Gamma^(b-1), Gamma^b].
    private long[] _bins = [];
    private int _first;
    private long _zeros;

    public long Count { get; private set; }

    public void Add(long micros, long times = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(micros);
        Count += times;
        if (micros == 0)
        {
            _zeros += times;
            return;
        }

        var bin = BinOf(Math.Min(micros, MaxMicros));
        Reserve(bin, bin);
        _bins[bin - _first] += times;
    }

    public void Merge(LatencySketch other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Count += other.Count;
        _zeros += other._zeros;
        if (other._bins.Length == 0)
        {
            return;
        }

        Reserve(other._first, other._first + other._bins.Length - 1);
        var offset = other._first - _first;
        for (var i = 0; i < other._bins.Length; i++)
        {
            _bins[offset + i] += other._bins[i];
        }
    }

    /// <summary>
    /// The smallest value that at least q of all are at most (the nearest rank, ⌈q n⌉), in microseconds; 0 of an empty sketch. The paper
    /// takes rank ⌊q (n - 1)⌋, which for few values is far too kind: of three, its p99 is the second.
    /// </summary>
    /// <param name="q">0 to 1.</param>
    public double Quantile(double q)
    {
        var rank = Math.Max(0, (long)Math.Ceiling((q * Count) - Slack) - 1);
        if (rank < _zeros || Count == 0)
        {
            return 0;
        }

        var seen = _zeros;
        for (var i = 0; i < _bins.Length; i++)
        {
            seen += _bins[i];
            if (seen > rank)
            {
                return Middle(_first + i);
            }
        }

        throw new InvalidOperationException("The bins hold fewer values than were counted.");
    }

    /// <summary>How many values are at most <paramref name="micros"/>, to within the accuracy.</summary>
    public long CountUpTo(long micros) => _zeros + Bins().TakeWhile(bin => bin.UpperMicros <= micros * Gamma).Sum(bin => bin.Count);

    /// <summary>The bins that hold something, ascending; zero durations are not among them.</summary>
    public IEnumerable<(double LowerMicros, double UpperMicros, long Count)> Bins()
    {
        for (var i = 0; i < _bins.Length; i++)
        {
            if (_bins[i] != 0)
            {
                yield return (Math.Pow(Gamma, _first + i - 1), Math.Pow(Gamma, _first + i), _bins[i]);
            }
        }
    }

    /// <summary>Durations of under a microsecond.</summary>
    public long Zeros => _zeros;

    /// <summary>Zeros, number of bins, then for each its distance from the one before and its count, all varints.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        Varint.Write(output, _zeros);
        Varint.Write(output, _bins.Length - _bins.AsSpan().Count(0L));
        var last = 0;
        for (var i = 0; i < _bins.Length; i++)
        {
            if (_bins[i] != 0)
            {
                Varint.Write(output, _first + i - last);
                Varint.Write(output, _bins[i]);
                last = _first + i;
            }
        }
    }

    /// <summary>Adds what <see cref="Write"/> wrote, and moves <paramref name="input"/> past it.</summary>
    /// <exception cref="InvalidDataException">It is not a sketch.</exception>
    public void MergeFrom(ref ReadOnlySpan<byte> input)
    {
        var zeros = Varint.Read(ref input);
        var bins = Varint.Read(ref input);
        Count += zeros;
        _zeros += zeros;
        var bin = 0L;
        for (var i = 0L; i < bins; i++)
        {
            bin += Varint.Read(ref input);
            var count = Varint.Read(ref input);
            if (bin < 0 || bin > MaxBin)
            {
                throw new InvalidDataException("A latency sketch has a bin outside its range.");
            }

            Reserve((int)bin, (int)bin);
            _bins[bin - _first] += count;
            Count += count;
        }
    }

    // Rounding up at a bin's own bound must not lift a value into the next bin, hence the tiny slack.
    private static int BinOf(long micros) => (int)Math.Ceiling((Math.Log(micros) / LogGamma) - 1e-9);

    private static double Middle(int bin) => 2 * Math.Pow(Gamma, bin) / (Gamma + 1);

    private void Reserve(int from, int to)
    {
        if (_bins.Length == 0)
        {
            (_first, _bins) = (from, new long[to - from + 1]);
            return;
        }

        var last = _first + _bins.Length - 1;
        if (from >= _first && to <= last)
        {
            return;
        }

        // A little room beyond, so that a window settles after a few enlargements.
        var lower = from < _first ? Math.Max(0, from - 16) : _first;
        var upper = to > last ? Math.Min(MaxBin, to + 16) : last;
        var wider = new long[upper - lower + 1];
        _bins.CopyTo(wider, _first - lower);
        (_first, _bins) = (lower, wider);
    }
}
