using System.Buffers;

namespace Bayou.Metrics;

/// <summary>
/// Unsigned LEB128 integers (as in Protocol Buffers): seven bits a byte, lowest first, the high bit set on
/// all but the last. Counts and gaps are small, so most take one byte.
/// </summary>
public static class Varint
{
    private const int Longest = 10;

    public static void Write(IBufferWriter<byte> output, long value)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Advance(Write(output.GetSpan(Longest), value));
    }

    /// <summary>Writes to the beginning of a span with room for 10 bytes, and returns how many it took.</summary>
    public static int Write(Span<byte> output, long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        var at = 0;
        while (value >= 0x80)
        {
            output[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        output[at++] = (byte)value;
        return at;
    }

    /// <summary>Reads one integer and moves <paramref name="input"/> past it.</summary>
    /// <exception cref="InvalidDataException">The input ends inside it, or it is longer than 64 bits.</exception>
    public static long Read(ref ReadOnlySpan<byte> input)
    {
        if (!input.IsEmpty && input[0] < 0x80)
        {
            var single = input[0];
            input = input[1..];
            return single;
        }

        long value = 0;
        for (var at = 0; at < Longest && at < input.Length; at++)
        {
            value |= (long)(input[at] & 0x7F) << (7 * at);
            if (input[at] < 0x80)
            {
                input = input[(at + 1)..];
                return value;
            }
        }

        throw new InvalidDataException("A varint is cut short or too long.");
    }
}
