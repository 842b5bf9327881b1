using System.Buffers.Binary;
using Bayou.Segments;

namespace Bayou.Logs;

/// <summary>Lines as rows of a segment, counted by level.</summary>
internal sealed class LogRows() : SegmentRows(LogLevels.Names.Length)
{
    private const int ColumnCount = 10;
    private const int PatternAt = IdAt + 8 + 4;
    private const int TimeAt = PatternAt + 4 + 4;
    private const int LevelAt = TimeAt + 8 + 4;
    private const int FixedBytes = LevelAt + 2;
    private const int TextColumns = 6;

    public override string Columns => "id, pattern_id, created_at, level, source, service, trace_id, message, meta, meta_text";

    /// <returns>Where the row begins.</returns>
    public int Add(in LogLine line, int pattern)
    {
        var texts = line.Source.Length + line.Service.Length + line.TraceId.Length + line.Message.Length + line.Meta.Length + 1 + line.MetaText.Length;
        var row = Begin(FixedBytes + (TextColumns * 4) + texts);
        BinaryPrimitives.WriteInt16BigEndian(row, ColumnCount);
        BinaryPrimitives.WriteInt32BigEndian(row[(IdAt - 4)..], 8);
        BinaryPrimitives.WriteInt32BigEndian(row[(PatternAt - 4)..], 4);
        BinaryPrimitives.WriteInt32BigEndian(row[PatternAt..], pattern);
        BinaryPrimitives.WriteInt32BigEndian(row[(TimeAt - 4)..], 8);
        BinaryPrimitives.WriteInt64BigEndian(row[TimeAt..], MicrosecondsOf(line.Time));
        BinaryPrimitives.WriteInt32BigEndian(row[(LevelAt - 4)..], 2);
        BinaryPrimitives.WriteInt16BigEndian(row[LevelAt..], (short)line.Level);
        var at = FixedBytes;
        WriteText(row, ref at, line.Source);
        WriteText(row, ref at, line.Service);
        WriteText(row, ref at, line.TraceId);
        WriteText(row, ref at, line.Message);
        WriteJson(row, ref at, line.Meta);
        WriteText(row, ref at, line.MetaText);
        return End(at, line.Time, (int)line.Level - 1);
    }

    public void SetPattern(int start, int pattern) => BinaryPrimitives.WriteInt32BigEndian(RowAt(start)[PatternAt..], pattern);
}
