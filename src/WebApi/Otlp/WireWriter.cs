using System.Buffers.Binary;

namespace Bayou.Otlp;

/// <summary>Writes protobuf into one buffer, messages within messages too.</summary>
internal sealed class WireWriter
{
    private const int LengthBytes = 5; // as a varint that is padded, for what is longest is known only afterwards

    private byte[] _bytes = new byte[1_024];
    private int _length;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    public void Varint(int field, ulong value)
    {
        Varint((ulong)field << 3);
        Varint(value);
    }

    public void Fixed64(int field, ulong value)
    {
        Varint(((ulong)field << 3) | 1);
        BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);
    }

    public void Fixed32(int field, uint value)
    {
        Varint(((ulong)field << 3) | 5);
        BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <returns>Where it begins, for <see cref="EndMessage"/>.</returns>
    public int BeginMessage(int field)
    {
        Varint(((ulong)field << 3) | 2);
        Take(LengthBytes);
        return _length;
    }

    public void EndMessage(int start)
    {
        var length = (uint)(_length - start);
        for (var at = start - LengthBytes; at < start; at++)
        {
            _bytes[at] = (byte)((length & 0x7F) | (at < start - 1 ? 0x80u : 0));
            length >>= 7;
        }
    }

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            Take(1)[0] = (byte)(value | 0x80);
            value >>= 7;
        }

        Take(1)[0] = (byte)value;
    }

    private Span<byte> Take(int count)
    {
        if (_bytes.Length - _length < count)
        {
            Array.Resize(ref _bytes, checked(Math.Max(_bytes.Length * 2, _length + count)));
        }

        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
