using System.Buffers.Binary;
using Bayou.Segments;

namespace Bayou.Traces;

/// <summary>Spans as rows of a segment.</summary>
internal sealed class SpanRows() : SegmentRows(classes: 1)
{
    private const short ColumnCount = 22;
    private const int ResourceAt = IdAt + 8 + 4;
    private const int ScopeAt = ResourceAt + 4 + 4;
    private const int TextColumns = 9;
    private const int NanosOfMicrosecond = 1_000;

    // As long as all but the texts are, with the length of each column before it.
    private const int FixedBytes = ScopeAt + 4 + (4 + 16) + (4 * (4 + 8)) + (4 * (4 + 2)) + (4 + 1);

    public override string Columns =>
        "id, resource_id, scope_id, trace_id, created_at, span_id, parent_id, duration, nanos, kind, status, status_code, is_entry, service, name, endpoint, "
            + "scope, status_message, trace_state, attributes, events, links";

    /// <param name="resource">Its number; 0 for what is not known yet, as <paramref name="scope"/>.</param>
    /// <returns>Where the row begins.</returns>
    public int Add(in SpanRecord span, int resource, int scope)
    {
        var texts = span.Service.Length + span.Name.Length + span.Endpoint.Length + span.Scope.Length + span.StatusMessage.Length + span.TraceState.Length
            + span.Attributes.Length + span.Events.Length + span.Links.Length + 3; // and a version before each JSON
        var row = Begin(FixedBytes + (TextColumns * 4) + texts);
        var time = DateTime.UnixEpoch.AddTicks((long)(span.StartNanos / 100));
        BinaryPrimitives.WriteInt16BigEndian(row, ColumnCount);
        var at = IdAt - 4;
        WriteLong(row, ref at, 0);
        BinaryPrimitives.WriteInt32BigEndian(row[at..], 4);
        BinaryPrimitives.WriteInt32BigEndian(row[ResourceAt..], resource);
        BinaryPrimitives.WriteInt32BigEndian(row[(ScopeAt - 4)..], 4);
        BinaryPrimitives.WriteInt32BigEndian(row[ScopeAt..], scope);
        at = ScopeAt + 4;
        WriteText(row, ref at, span.TraceId);
        WriteLong(row, ref at, MicrosecondsOf(time));
        WriteLong(row, ref at, span.SpanId);
        WriteLong(row, ref at, span.ParentId);
        WriteLong(row, ref at, BitConverter.DoubleToInt64Bits(span.Duration));
        WriteShort(row, ref at, (short)(span.StartNanos % NanosOfMicrosecond));
        WriteShort(row, ref at, (short)span.Kind);
        WriteShort(row, ref at, (short)span.Status);
        WriteShort(row, ref at, span.StatusCode);
        WriteText(row, ref at, span.IsEntry ? [1] : [0]);
        WriteText(row, ref at, span.Service);
        WriteText(row, ref at, span.Name);
        WriteText(row, ref at, span.Endpoint);
        WriteText(row, ref at, span.Scope);
        WriteText(row, ref at, span.StatusMessage);
        WriteText(row, ref at, span.TraceState);
        WriteJson(row, ref at, span.Attributes);
        WriteJson(row, ref at, span.Events);
        WriteJson(row, ref at, span.Links);
        return End(at, time, @class: 0);
    }

    public void SetResource(int start, int resource) => BinaryPrimitives.WriteInt32BigEndian(RowAt(start)[ResourceAt..], resource);

    public void SetScope(int start, int scope) => BinaryPrimitives.WriteInt32BigEndian(RowAt(start)[ScopeAt..], scope);
}
