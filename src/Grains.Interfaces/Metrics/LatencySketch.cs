using System.Buffers;
using System.Numerics;

namespace Bayou.Metrics;

/// <summary>
/// A quantile sketch of durations in microseconds: DDSketch (Masson, Rim, Lee: "DDSketch: a fast and
/// fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019). Every quantile is within
/// 1 % of a true one, and merging two sketches gives exactly the sketch of all their values together.
/// Not thread-safe, reading included.
/// </summary>
public sealed class LatencySketch
{
    /// <summary>The largest duration held apart, a day; longer ones are counted as a day.</summary>
    public const long MaxMicros = 86_400_000_000;

    private const double Accuracy = 0.01;
    private const double Slack = 1e-9; // 0.95 × 100 must not be a hair above 95
    private const double Gamma = (1 + Accuracy) / (1 - Accuracy);

    // Most windows hold few values: so many are kept one by one, in two bytes each, before counts by bin are worth their room.
    private const int MostSingles = 64;

    private static readonly double LogGamma = Math.Log(Gamma);
    private static readonly int MaxBin = BinByLogarithm(MaxMicros);
    private static readonly double[] Powers = [.. Enumerable.Range(-1, MaxBin + 2).Select(bin => Math.Pow(Gamma, bin))]; // [bin] is the lower bound of bin
    private static readonly long[] Last = LastOfBins(); // [bin] is the largest whole number in it
    private static readonly ushort[] FirstBins = FirstBinsOfCells();

    private ushort[]? _singles; // one bin for each value
    private int _singleCount;
    private bool _areSorted = true;
    private long[] _bins = []; // _bins[i] counts the values in bin _first + i; bin b holds (Gamma^(b-1), Gamma^b]
    private int _width; // of _bins, how many are in use; 0 while values are held one by one
    private int _first;
    private long _zeros;

    public long Count { get; private set; }

    /// <summary>Durations of under a microsecond.</summary>
    public long Zeros => _zeros;

    public void Add(long micros, long times = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(micros);
        Count += times;
        if (micros == 0)
        {
            _zeros += times;
            return;
        }

        AddTo(BinOf(Math.Min(micros, MaxMicros)), times);
    }

    public void Merge(LatencySketch other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Count += other.Count;
        _zeros += other._zeros;
        for (var i = 0; i < other._singleCount; i++)
        {
            AddTo(other._singles![i], 1);
        }

        if (other._width > 0)
        {
            CountByBin(other._first, other._first + other._width - 1);
            var into = _bins.AsSpan(other._first - _first, other._width);
            for (var i = 0; i < into.Length; i++)
            {
                into[i] += other._bins[i];
            }
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

        if (_width == 0)
        {
            return Middle(Singles()[(int)(rank - _zeros)]);
        }

        var seen = _zeros;
        for (var i = 0; i < _width; i++)
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
        for (var (at, bin, count) = (Next(0, out var b, out var c), b, c); at >= 0; at = Next(at, out bin, out count))
        {
            yield return (Powers[bin], Powers[bin + 1], count);
        }
    }

    /// <summary>Zeros, number of bins, then for each its distance from the one before and its count, all varints.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        Varint.Write(output, _zeros);
        var bins = 0;
        for (var at = Next(0, out _, out _); at >= 0; at = Next(at, out _, out _))
        {
            bins++;
        }

        Varint.Write(output, bins);
        var last = 0;
        for (var at = Next(0, out var bin, out var count); at >= 0; at = Next(at, out bin, out count))
        {
            Varint.Write(output, bin - last);
            Varint.Write(output, count);
            last = bin;
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
            long count;
            if (input.Length >= 2 && (input[0] | input[1]) < 0x80)
            {
                (bin, count) = (bin + input[0], input[1]); // Most are near each other, and few.
                input = input[2..];
            }
            else
            {
                (bin, count) = (bin + Varint.Read(ref input), Varint.Read(ref input));
            }

            if (count <= 0 || bin < 0 || bin > MaxBin)
            {
                throw new InvalidDataException("A latency sketch has a bin outside its range, or without values.");
            }

            AddTo((int)bin, count);
            Count += count;
        }
    }

    /// <summary>Forgets all values, and keeps the room.</summary>
    public void Clear()
    {
        (Count, _zeros, _singleCount, _areSorted, _width) = (0, 0, 0, true, 0);
    }

    /// <summary>
    /// The bin of a duration without a logarithm: the leading seven binary digits name a cell, which is narrower than a bin and so meets
    /// at most two.
    /// </summary>
    internal static int BinOf(long micros)
    {
        var bin = FirstBins[CellOf(micros)];
        return micros > Last[bin] ? bin + 1 : bin;
    }

    // Rounding up at a bin's own bound must not lift a value into the next bin, hence the tiny slack.
    internal static int BinByLogarithm(long micros) => (int)Math.Ceiling((Math.Log(micros) / LogGamma) - 1e-9);

    private static int CellOf(long micros)
    {
        var digits = BitOperations.Log2((ulong)micros);
        return digits < 6 ? (int)micros : ((digits - 5) << 6) | (int)((micros >> (digits - 6)) & 63);
    }

    private static long[] LastOfBins()
    {
        var last = new long[MaxBin + 1];
        for (var bin = 0; bin <= MaxBin; bin++)
        {
            var micros = Math.Max(1, (long)Math.Pow(Gamma, bin) - 1);
            while (BinByLogarithm(micros + 1) <= bin)
            {
                micros++;
            }

            last[bin] = micros;
        }

        return last;
    }

    private static ushort[] FirstBinsOfCells()
    {
        var first = new ushort[CellOf(MaxMicros) + 1];
        for (var cell = 1; cell < first.Length; cell++)
        {
            var lowest = cell < 64 ? cell : (64L | (uint)(cell & 63)) << ((cell >> 6) - 1);
            first[cell] = (ushort)BinByLogarithm(lowest);
        }

        return first;
    }

    private static double Middle(int bin) => 2 * Powers[bin + 1] / (Gamma + 1);

    private void AddTo(int bin, long times)
    {
        if (_width == 0 && times <= MostSingles - _singleCount)
        {
            if (_singles is null || _singleCount + times > _singles.Length)
            {
                Array.Resize(ref _singles, Math.Min(MostSingles, Math.Max(4, 2 * (_singleCount + (int)times))));
            }

            _areSorted &= _singleCount == 0 || _singles[_singleCount - 1] <= bin;
            for (var until = _singleCount + (int)times; _singleCount < until; _singleCount++)
            {
                _singles[_singleCount] = (ushort)bin;
            }

            return;
        }

        CountByBin(bin, bin);
        _bins[bin - _first] += times;
    }

    /// <summary>Goes over to counts by bin, with room for these too.</summary>
    private void CountByBin(int from, int to)
    {
        if (_width > 0)
        {
            Reserve(from, to);
            return;
        }

        var singles = Singles();
        (_first, var last) = singles.IsEmpty ? (from, to) : (Math.Min(from, singles[0]), Math.Max(to, singles[^1]));
        _width = last - _first + 1;
        if (_bins.Length < _width)
        {
            _bins = new long[_width];
        }
        else
        {
            _bins.AsSpan(0, _width).Clear(); // Room kept from before.
        }

        foreach (var bin in singles)
        {
            _bins[bin - _first]++;
        }

        _singleCount = 0;
    }

    private void Reserve(int from, int to)
    {
        var last = _first + _width - 1;
        if (from >= _first && to <= last)
        {
            return;
        }

        // A little room beyond, so that a window settles after a few enlargements.
        var lower = from < _first ? Math.Max(0, from - 16) : _first;
        var upper = to > last ? Math.Min(MaxBin, to + 16) : last;
        var (width, shift) = (upper - lower + 1, _first - lower);
        var room = _bins.Length >= width ? _bins : new long[width];
        _bins.AsSpan(0, _width).CopyTo(room.AsSpan(shift));
        room.AsSpan(0, shift).Clear();
        room.AsSpan(shift + _width, width - shift - _width).Clear(); // It may be room kept from before.
        (_first, _width, _bins) = (lower, width, room);
    }

    /// <summary>The values held one by one, as bins, ascending.</summary>
    private ReadOnlySpan<ushort> Singles()
    {
        var singles = _singles.AsSpan(0, _singleCount);
        if (!_areSorted)
        {
            singles.Sort();
            _areSorted = true;
        }

        return singles;
    }

    /// <summary>Next non-empty bin from a cursor; 0 starts, -1 ends.</summary>
    private int Next(int at, out int bin, out long count)
    {
        (bin, count) = (0, 0);
        if (_width == 0)
        {
            if (at == 0)
            {
                Singles();
            }

            if (at >= _singleCount)
            {
                return -1;
            }

            bin = _singles![at];
            while (at < _singleCount && _singles[at] == bin)
            {
                (at, count) = (at + 1, count + 1);
            }

            return at;
        }

        var step = _bins.AsSpan(at, _width - at).IndexOfAnyExcept(0L);
        if (step < 0)
        {
            return -1;
        }

        (bin, count) = (_first + at + step, _bins[at + step]);
        return at + step + 1;
    }
}
