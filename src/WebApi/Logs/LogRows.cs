using System.Buffers;
using System.Buffers.Binary;
using Bayou.Http;

namespace Bayou.Logs;

/// <summary>Rows of a segment's table as PostgreSQL's binary COPY has them, which spares each value its way through objects.</summary>
internal sealed class LogRows : IDisposable
{
    /// <summary>In the order of <see cref="Add"/>: those of a fixed size first, so that ids and patterns are at a fixed place.</summary>
    public const string Columns = "id, pattern_id, created_at, level, source, service, trace_id, message, meta, meta_text";

    private const int ColumnCount = 10;
    private const int IdAt = 2 + 4;
    private const int PatternAt = IdAt + 8 + 4;
    private const int TimeAt = PatternAt + 4 + 4;
    private const int LevelAt = TimeAt + 8 + 4;
    private const int FixedBytes = LevelAt + 2;
    private const int TextColumns = 6;
    private const byte JsonbVersion = 1;
    private static readonly DateTime TimesFrom = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly long[] _levels = new long[LogLevels.Names.Length];
    private byte[] _bytes = [];
    private int _length;

    public int Count { get; private set; }

    public DateTime Earliest { get; private set; } = DateTime.MaxValue;

    public DateTime Latest { get; private set; } = DateTime.MinValue;

    public ReadOnlySpan<long> Levels => _levels;

    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>Of the first row and the last, once they have them.</summary>
    public long FirstId => BinaryPrimitives.ReadInt64BigEndian(_bytes.AsSpan(IdAt));

    public long LastId { get; private set; }

    /// <returns>Where the row begins.</returns>
    public int Add(in LogLine line, int pattern)
    {
        var texts = line.Source.Length + line.Service.Length + line.TraceId.Length + line.Message.Length + line.Meta.Length + 1 + line.MetaText.Length;
        var row = Room(FixedBytes + (TextColumns * 4) + texts);
        var start = _length;
        BinaryPrimitives.WriteInt16BigEndian(row, ColumnCount);
        BinaryPrimitives.WriteInt32BigEndian(row[(IdAt - 4)..], 8);
        BinaryPrimitives.WriteInt32BigEndian(row[(PatternAt - 4)..], 4);
        BinaryPrimitives.WriteInt32BigEndian(row[PatternAt..], pattern);
        BinaryPrimitives.WriteInt32BigEndian(row[(TimeAt - 4)..], 8);
        BinaryPrimitives.WriteInt64BigEndian(row[TimeAt..], (line.Time - TimesFrom).Ticks / TimeSpan.TicksPerMicrosecond);
        BinaryPrimitives.WriteInt32BigEndian(row[(LevelAt - 4)..], 2);
        BinaryPrimitives.WriteInt16BigEndian(row[LevelAt..], (short)line.Level);
        var at = FixedBytes;
        WriteText(row, ref at, line.Source);
        WriteText(row, ref at, line.Service);
        WriteText(row, ref at, line.TraceId);
        WriteText(row, ref at, line.Message);
        WriteJson(row, ref at, line.Meta);
        WriteText(row, ref at, line.MetaText);
        _length += at;
        Count++;
        _levels[(int)line.Level - 1]++;
        Earliest = line.Time < Earliest ? line.Time : Earliest;
        Latest = line.Time > Latest ? line.Time : Latest;
        return start;
    }

    public void SetId(int start, long id)
    {
        BinaryPrimitives.WriteInt64BigEndian(_bytes.AsSpan(start + IdAt), id);
        LastId = id;
    }

    public void SetPattern(int start, int pattern) => BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(start + PatternAt), pattern);

    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            (_bytes, _length) = ([], 0);
        }
    }

    private static void WriteText(Span<byte> row, ref int at, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteInt32BigEndian(row[at..], text.Length);
        text.CopyTo(row[(at + 4)..]);
        at += 4 + text.Length;
    }

    private static void WriteJson(Span<byte> row, ref int at, ReadOnlySpan<byte> json)
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

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - _length < bytes)
        {
            RentedArray.Enlarge(ref _bytes, _length, Math.Max((_length + bytes) * 2, 64 * 1024));
        }

        return _bytes.AsSpan(_length, bytes);
    }
}
