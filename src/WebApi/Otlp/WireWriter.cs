using System.Buffers;
using System.Buffers.Binary;

namespace Bayou.Otlp;

/// <summary>Writes the fields of protobuf messages, each message into one of these.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _output = new(256);

    public ReadOnlySpan<byte> Written => _output.WrittenSpan;

    public void Clear() => _output.ResetWrittenCount();

    public void Varint(int field, ulong value)
    {
        Varint((ulong)field << 3);
        Varint(value);
    }

    public void Fixed64(int field, ulong value)
    {
        Varint(((ulong)field << 3) | 1);
        BinaryPrimitives.WriteUInt64LittleEndian(_output.GetSpan(8), value);
        _output.Advance(8);
    }

    public void Fixed32(int field, uint value)
    {
        Varint(((ulong)field << 3) | 5);
        BinaryPrimitives.WriteUInt32LittleEndian(_output.GetSpan(4), value);
        _output.Advance(4);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        _output.Write(value);
    }

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _output.Write([(byte)(value | 0x80)]);
            value >>= 7;
        }

        _output.Write([(byte)value]);
    }
}
