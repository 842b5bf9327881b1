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
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        var span = output.GetSpan(Longest);
        var at = 0;
        while (value >= 0x80)
        {
            span[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[at++] = (byte)value;
        output.Advance(at);
    }

    /// <summary>Reads one integer and moves <paramref name="input"/> past it.</summary>
    /// <exception cref="InvalidDataException">The input ends inside it, or it is longer than 64 bits.</exception>
    public static long Read(ref ReadOnlySpan<byte> input)
    {
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
