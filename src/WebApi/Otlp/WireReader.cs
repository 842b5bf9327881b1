using System.Buffers.Binary;

namespace Bayou.Otlp;

/// <summary>
/// Reads the fields of one protobuf message in place, whatever their order (https://protobuf.dev/programming-guides/encoding). A field that is not asked for is
/// passed over.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    private const int LongestVarint = 10;

    private readonly int _length = message.Length;
    private ReadOnlySpan<byte> _left = message;

    /// <summary>Its number.</summary>
    public int Field { get; private set; }

    /// <summary>Of a field that is a number: its bits, whatever its width.</summary>
    public ulong Number { get; private set; }

    /// <summary>Of a field that is a text, bytes or a message; empty for a number.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Whether the field is a text, bytes or a message.</summary>
    public bool HasBytes { get; private set; }

    /// <summary>Where it ends in the message.</summary>
    public readonly int End => _length - _left.Length;

    /// <exception cref="InvalidDataException">It is no protobuf, or cut short.</exception>
    public bool Next()
    {
        if (_left.IsEmpty)
        {
            return false;
        }

        var tag = Varint();
        (Field, Number, HasBytes) = ((int)Math.Min(tag >> 3, int.MaxValue), 0, false);
        Bytes = default;
        if (Field == 0)
        {
            throw new InvalidDataException("has a field of number 0");
        }

        switch (tag & 7)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case 2:
                Bytes = Take(Varint());
                HasBytes = true;
                break;
            case 5:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw new InvalidDataException("has a field of a type that is none"); // or a group, which proto3 has not
        }

        return true;
    }

    /// <summary>Reads a number off the beginning of some bytes.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var at = 0; at < Math.Min(LongestVarint, bytes.Length); at++)
        {
            value |= (ulong)(bytes[at] & 0x7F) << (7 * at);
            if (bytes[at] < 0x80)
            {
                bytes = bytes[(at + 1)..];
                return value;
            }
        }

        throw new InvalidDataException("is cut short, or has a number that is too long");
    }

    private ulong Varint() => Varint(ref _left);

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_left.Length)
        {
            throw new InvalidDataException("is cut short");
        }

        var taken = _left[..(int)count];
        _left = _left[(int)count..];
        return taken;
    }
}
