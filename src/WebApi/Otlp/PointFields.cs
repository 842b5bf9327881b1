using System.Buffers.Binary;
using Bayou.Points;

namespace Bayou.Otlp;

/// <summary>The fields of a data point, whichever of the five shapes it has: they number them differently.</summary>
/// <param name="shape">The field of Metric that it is in: 5 gauge, 7 sum, 9 histogram, 10 exponential histogram, 11 summary.</param>
internal ref struct PointFields(int shape)
{
    private const int SmallestScale = -10; // as the specification has it
    private const int LargestScale = 20;

    private readonly List<ulong> _counts = [];
    private readonly List<double> _bounds = [];
    private readonly List<ulong> _positive = [];
    private readonly List<ulong> _negative = [];
    private int _scale;
    private int _positiveOffset;
    private int _negativeOffset;
    private ulong _zeros;

    /// <summary>Nanoseconds since the epoch, as is <see cref="Start"/>.</summary>
    public ulong Time { get; private set; }

    public ulong Start { get; private set; }

    public ulong Flags { get; private set; }

    public ulong Count { get; private set; }

    /// <summary>Of a histogram the sum.</summary>
    public double Value { get; private set; }

    public readonly int BucketCount => _counts.Count + _positive.Count + _negative.Count;

    public readonly bool HasOddBounds
    {
        get
        {
            if (shape == 10)
            {
                return _scale is < SmallestScale or > LargestScale;
            }

            for (var at = 0; at < _bounds.Count; at++)
            {
                if (double.IsNaN(_bounds[at]) || (at > 0 && _bounds[at] <= _bounds[at - 1]))
                {
                    return true;
                }
            }

            return shape == 9 && _counts.Count > 0 && _counts.Count != _bounds.Count + 1;
        }
    }

    /// <summary>Whether a bucket has more than so many.</summary>
    public readonly bool HasCountBeyond(ulong most) =>
        _zeros > most || _counts.Exists(count => count > most) || _positive.Exists(count => count > most) || _negative.Exists(count => count > most);

    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public void Read(ReadOnlySpan<byte> point)
    {
        for (var fields = new WireReader(point); fields.Next();)
        {
            switch ((shape, fields.Field))
            {
                case (_, 2):
                    Start = fields.Number;
                    break;
                case (_, 3):
                    Time = fields.Number;
                    break;
                case (5 or 7, 4):
                    Value = BitConverter.UInt64BitsToDouble(fields.Number);
                    break;
                case (5 or 7, 6):
                    Value = (long)fields.Number;
                    break;
                case (5 or 7 or 11, 8) or (9 or 10, 10):
                    Flags = fields.Number;
                    break;
                case (9 or 10 or 11, 4):
                    Count = fields.Number;
                    break;
                case (9 or 10 or 11, 5):
                    Value = BitConverter.UInt64BitsToDouble(fields.Number);
                    break;
                case (9, 6):
                    Add(fields, _counts);
                    break;
                case (9, 7):
                    AddBounds(fields);
                    break;
                case (10, 6):
                    _scale = ZigZag(fields.Number);
                    break;
                case (10, 7):
                    _zeros = fields.Number;
                    break;
                case (10, 8):
                    _positiveOffset = ReadBuckets(fields.Bytes, _positive);
                    break;
                case (10, 9):
                    _negativeOffset = ReadBuckets(fields.Bytes, _negative);
                    break;
            }
        }
    }

    /// <summary>Those that have something, ascending.</summary>
    public readonly PointBucket[] Buckets()
    {
        var buckets = new List<PointBucket>();
        if (shape == 9)
        {
            for (var at = 0; at < _counts.Count; at++)
            {
                Add(at == 0 ? double.NegativeInfinity : _bounds[at - 1], at < _bounds.Count ? _bounds[at] : double.PositiveInfinity, _counts[at]);
            }
        }
        else
        {
            for (var at = _negative.Count - 1; at >= 0; at--)
            {
                Add(-Bound(_negativeOffset + at + 1), -Bound(_negativeOffset + at), _negative[at]);
            }

            Add(0, 0, _zeros);
            for (var at = 0; at < _positive.Count; at++)
            {
                Add(Bound(_positiveOffset + at), Bound(_positiveOffset + at + 1), _positive[at]);
            }
        }

        return [.. buckets];

        void Add(double lower, double upper, ulong count)
        {
            if (count > 0)
            {
                buckets.Add(new(lower, upper, (long)Math.Min(count, long.MaxValue)));
            }
        }
    }

    /// <summary>(2^(2^-scale))^index (https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram).</summary>
    private readonly double Bound(long index) => Math.Pow(2, Math.ScaleB(index, -_scale));

    private static int ReadBuckets(ReadOnlySpan<byte> message, List<ulong> counts)
    {
        var offset = 0;
        for (var fields = new WireReader(message); fields.Next();)
        {
            if (fields.Field == 1)
            {
                offset = ZigZag(fields.Number);
            }
            else if (fields.Field == 2 && !fields.HasBytes)
            {
                counts.Add(fields.Number);
            }
            else if (fields.Field == 2)
            {
                for (var packed = fields.Bytes; !packed.IsEmpty && counts.Count <= PointBuckets.Most;)
                {
                    counts.Add(WireReader.Varint(ref packed));
                }
            }
        }

        return offset;
    }

    private static void Add(in WireReader field, List<ulong> numbers)
    {
        if (!field.HasBytes)
        {
            numbers.Add(field.Number);
            return;
        }

        for (var packed = field.Bytes; !packed.IsEmpty && numbers.Count <= PointBuckets.Most; packed = packed[8..])
        {
            numbers.Add(packed.Length >= 8 ? BinaryPrimitives.ReadUInt64LittleEndian(packed) : throw new InvalidDataException("is cut short"));
        }
    }

    private readonly void AddBounds(in WireReader field)
    {
        var bits = new List<ulong>();
        Add(field, bits);
        _bounds.AddRange(bits.Select(BitConverter.UInt64BitsToDouble));
    }

    private static int ZigZag(ulong value) => (int)(value >> 1) ^ -(int)(value & 1);
}
