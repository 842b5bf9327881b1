using System.Buffers;
using System.Buffers.Binary;
using Bayou.Http;

namespace Bayou.Segments;

/// <summary>
/// Rows of a segment's table as PostgreSQL's binary COPY has them, which spares each value its way through objects. The first column is <c>id</c>; those of a
/// fixed size come first, so that they are at a fixed place.
/// </summary>
/// <param name="classes">In how many classes rows are counted; see the catalogue's column <c>lines</c>.</param>
internal abstract class SegmentRows(int classes) : IDisposable
{
    /// <summary>Where the id is in a row: after the number of columns and its own length.</summary>
    protected const int IdAt = 2 + 4;

    private const byte JsonbVersion = 1;
    private static readonly DateTime TimesFrom = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly long[] _counts = new long[classes];
    private byte[] _bytes = [];
    private int _length;

    /// <summary>Their names, in the order in which they are written.</summary>
    public abstract string Columns { get; }

    public int Count { get; private set; }

    public DateTime Earliest { get; private set; } = DateTime.MaxValue;

    public DateTime Latest { get; private set; } = DateTime.MinValue;

    /// <summary>Rows by class.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>Of the first row and the last, once they have them.</summary>
    public long FirstId => BinaryPrimitives.ReadInt64BigEndian(_bytes.AsSpan(IdAt));

    public long LastId { get; private set; }

    public void SetId(int start, long id)
    {
        BinaryPrimitives.WriteInt64BigEndian(_bytes.AsSpan(start + IdAt), id);
        LastId = id;
    }

    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            (_bytes, _length) = ([], 0);
        }
    }

    /// <summary>Room for a row, at the end of all others.</summary>
    protected Span<byte> Begin(int bytes)
    {
        if (_bytes.Length - _length < bytes)
        {
            RentedArray.Enlarge(ref _bytes, _length, Math.Max((_length + bytes) * 2, 64 * 1024));
        }

        return _bytes.AsSpan(_length, bytes);
    }

    /// <param name="bytes">How long the row is.</param>
    /// <param name="time">Its own.</param>
    /// <param name="class">In which it is counted, from 0.</param>
    /// <returns>Where the row begins.</returns>
    protected int End(int bytes, DateTime time, int @class)
    {
        var start = _length;
        _length += bytes;
        Count++;
        _counts[@class]++;
        Earliest = time < Earliest ? time : Earliest;
        Latest = time > Latest ? time : Latest;
        return start;
    }

    /// <summary>The row that begins at a place, to be changed.</summary>
    protected Span<byte> RowAt(int start) => _bytes.AsSpan(start);

    protected static long MicrosecondsOf(DateTime utc) => (utc - TimesFrom).Ticks / TimeSpan.TicksPerMicrosecond;

    protected static void WriteLong(Span<byte> row, ref int at, long value)
    {
        BinaryPrimitives.WriteInt32BigEndian(row[at..], 8);
        BinaryPrimitives.WriteInt64BigEndian(row[(at + 4)..], value);
        at += 12;
    }

    protected static void WriteShort(Span<byte> row, ref int at, short value)
    {
        BinaryPrimitives.WriteInt32BigEndian(row[at..], 2);
        BinaryPrimitives.WriteInt16BigEndian(row[(at + 4)..], value);
        at += 6;
    }

    protected static void WriteText(Span<byte> row, ref int at, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteInt32BigEndian(row[at..], text.Length);
        text.CopyTo(row[(at + 4)..]);
        at += 4 + text.Length;
    }

    /// <param name="json">Empty for null.</param>
    protected static void WriteJson(Span<byte> row, ref int at, ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty)
        {
            BinaryPrimitives.WriteInt32BigEndian(row[at..], -1);
            at += 4;
            return;
        }

        BinaryPrimitives.WriteInt32BigEndian(row[at..], json.Length + 1);
        row[at + 4] = JsonbVersion;
        json.CopyTo(row[(at + 5)..]);
        at += 5 + json.Length;
    }
}
