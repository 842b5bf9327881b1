using System.Buffers.Binary;
using System.Globalization;
using Bayou.Ingest;
using Bayou.Logs;
using Bayou.Traces;

namespace Bayou.Otlp;

/// <summary>Reads an ExportTraceServiceRequest into spans; those of servers are request observations too.</summary>
/// <param name="oldest">What began earlier is no longer kept.</param>
/// <param name="requests">Takes those of servers.</param>
internal sealed class SpanReader(DateTimeOffset now, DateTimeOffset oldest, bool redacts, SpanRequests requests)
    : RecordReader<SpanBatch>(new(MostResource, keepsSdk: true))
{
    // Bytes of JSON.
    private const int MostAttributes = 60 * 1024; // of a span
    private const int MostEvents = 60 * 1024;
    private const int MostLinks = 16 * 1024;
    private const int MostResource = 8 * 1024;

    // Bytes of UTF-8.
    private const int LongestName = 1_000;
    private const int LongestMessage = 8_000;
    private const int LongestState = 512; // as W3C has it

    private const int IdBytes = 8;
    private const int TraceIdBytes = 16;
    private const ulong SaysRemote = 0x100;
    private const ulong IsRemote = 0x200;
    private const int MaxStatusCode = 999;
    private const double NanosOfMillisecond = 1_000_000;

    private readonly AttributeWriter _attributes = new(MostAttributes);
    private readonly AttributeWriter _events = new(MostEvents);
    private readonly AttributeWriter _links = new(MostLinks);
    private readonly LineSecrets _secrets = new();

    protected override void BeginResource(SpanBatch batch)
    {
        requests.Begin(Resource.Service, Resource.Version);
        batch.BeginResource(Secretless(Resource.Written, isJson: true));
    }

    protected override void BeginScope(SpanBatch batch) => batch.BeginScope(Secretless(Resource.WrittenScope, isJson: true));

    protected override void Add(ReadOnlySpan<byte> record, SpanBatch batch)
    {
        var (start, end, kind, flags, code) = (0UL, 0UL, 0UL, 0UL, 0UL);
        var (droppedAttributes, droppedEvents, droppedLinks) = (0UL, 0UL, 0UL);
        ReadOnlySpan<byte> traceId = default, spanId = default, parentId = default, state = default, name = default, message = default;
        for (var fields = new WireReader(record); fields.Next();)
        {
            switch (fields.Field)
            {
                case 1:
                    traceId = fields.Bytes;
                    break;
                case 2:
                    spanId = fields.Bytes;
                    break;
                case 3:
                    state = fields.Bytes;
                    break;
                case 4:
                    parentId = fields.Bytes;
                    break;
                case 5:
                    name = fields.Bytes;
                    break;
                case 6:
                    kind = fields.Number;
                    break;
                case 7:
                    start = fields.Number;
                    break;
                case 8:
                    end = fields.Number;
                    break;
                case 10:
                    droppedAttributes = fields.Number;
                    break;
                case 12:
                    droppedEvents = fields.Number;
                    break;
                case 14:
                    droppedLinks = fields.Number;
                    break;
                case 15:
                    ReadStatus(fields.Bytes, out message, out code);
                    break;
                case 16:
                    flags = fields.Number;
                    break;
            }
        }

        if (ProblemOf(traceId, spanId, start) is { } problem)
        {
            Refuse(problem);
            return;
        }

        var parent = parentId.Length == IdBytes ? BinaryPrimitives.ReadInt64BigEndian(parentId) : 0;
        var span = new SpanRecord
        {
            StartNanos = start, Duration = end > start ? (end - start) / NanosOfMillisecond : 0, TraceId = traceId,
            SpanId = BinaryPrimitives.ReadInt64BigEndian(spanId), ParentId = parent, Kind = kind <= (ulong)SpanKind.Consumer ? (SpanKind)kind : default,
            Status = code <= (ulong)SpanStatus.Error ? (SpanStatus)code : default, Service = Resource.Service, Scope = Resource.Scope,
            Name = name.IsEmpty ? "unknown"u8 : Secretless(Text(name, LongestName), isJson: false),
            StatusMessage = code == (ulong)SpanStatus.Error ? Secretless(Text(message, LongestMessage), isJson: false) : default, // Else it means nothing.
            TraceState = Secretless(Text(state, LongestState), isJson: false),
        };
        span.IsEntry = parent == 0 || ((flags & SaysRemote) != 0 ? (flags & IsRemote) != 0 : span.Kind is SpanKind.Server or SpanKind.Consumer);
        var http = new HttpAttributes();
        WriteAttributes(record, ref http, droppedAttributes, droppedEvents, droppedLinks);
        span.StatusCode = http.Status is > 0 and <= MaxStatusCode and var status ? (short)status : (short)0;
        span.Attributes = IsNone(_attributes.Written) ? default : Secretless(_attributes.Written, isJson: true);
        span.Events = IsNone(_events.Written) ? default : Secretless(_events.Written, isJson: true);
        span.Links = IsNone(_links.Written) ? default : Secretless(_links.Written, isJson: true);
        if (span.Kind == SpanKind.Server && http.IsRequest)
        {
            span.Endpoint = requests.Add(http, start, span.Duration);
        }

        batch.Add(span);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _attributes.Dispose();
            _events.Dispose();
            _links.Dispose();
        }
    }

    private static void ReadStatus(ReadOnlySpan<byte> status, out ReadOnlySpan<byte> message, out ulong code)
    {
        message = default;
        code = 0;
        for (var fields = new WireReader(status); fields.Next();)
        {
            switch (fields.Field)
            {
                case 2:
                    message = fields.Bytes;
                    break;
                case 3:
                    code = fields.Number;
                    break;
            }
        }
    }

    /// <summary>Why a span cannot be taken, or null.</summary>
    private string? ProblemOf(ReadOnlySpan<byte> traceId, ReadOnlySpan<byte> spanId, ulong start) =>
        traceId.Length != TraceIdBytes || !traceId.ContainsAnyExcept((byte)0) ? $"trace_id must be {TraceIdBytes} bytes that are not all 0"
        : spanId.Length != IdBytes || !spanId.ContainsAnyExcept((byte)0) ? $"span_id must be {IdBytes} bytes that are not all 0"
        : start == 0 ? "start_time_unix_nano is required"
        : ItemTime.Problem(default, DateTimeOffset.UnixEpoch.AddTicks((long)(start / 100)), oldest, now + ItemLimits.MaxAhead) is { } problem
            ? $"start_time_unix_nano {problem}" : null;

    /// <summary>Attributes, events and links, in one pass.</summary>
    private void WriteAttributes(ReadOnlySpan<byte> record, ref HttpAttributes http, ulong droppedAttributes, ulong droppedEvents, ulong droppedLinks)
    {
        _attributes.Begin();
        _attributes.BeginObject();
        _events.Begin();
        _events.BeginArray();
        _links.Begin();
        _links.BeginArray();
        for (var fields = new WireReader(record); fields.Next();)
        {
            switch (fields.Field)
            {
                case 9:
                    http.Read(fields.Bytes);
                    _attributes.Attribute(fields.Bytes);
                    break;
                case 11 when _events.HasRoom():
                    WriteEvent(fields.Bytes);
                    break;
                case 13 when _links.HasRoom():
                    WriteLink(fields.Bytes);
                    break;
            }
        }

        _events.EndArray();
        _links.EndArray();
        WriteDropped("otel.dropped_attributes_count"u8, (long)droppedAttributes + _attributes.LeftOut + Resource.LeftOut);
        WriteDropped("otel.dropped_events_count"u8, (long)droppedEvents + _events.LeftOut);
        WriteDropped("otel.dropped_links_count"u8, (long)droppedLinks + _links.LeftOut);
        _attributes.EndObject();
    }

    private void WriteDropped(ReadOnlySpan<byte> name, long count)
    {
        if (count > 0)
        {
            _attributes.Number(name, count);
        }
    }

    private void WriteEvent(ReadOnlySpan<byte> record)
    {
        var time = 0UL;
        ReadOnlySpan<byte> name = default;
        for (var fields = new WireReader(record); fields.Next();)
        {
            time = fields.Field == 1 ? fields.Number : time;
            name = fields.Field == 2 ? fields.Bytes : name;
        }

        _events.BeginObject();
        _events.Text("name"u8, name);
        Span<byte> written = stackalloc byte[NanoTime.Length];
        _events.Text("timestamp"u8, NanoTime.Write(written, time));
        WriteInner(_events, record, field: 3);
        _events.EndObject();
    }

    private void WriteLink(ReadOnlySpan<byte> record)
    {
        ReadOnlySpan<byte> traceId = default, spanId = default, state = default;
        for (var fields = new WireReader(record); fields.Next();)
        {
            switch (fields.Field)
            {
                case 1:
                    traceId = fields.Bytes;
                    break;
                case 2:
                    spanId = fields.Bytes;
                    break;
                case 3:
                    state = fields.Bytes;
                    break;
            }
        }

        Span<byte> traceHex = stackalloc byte[2 * TraceIdBytes];
        Span<byte> spanHex = stackalloc byte[2 * IdBytes];
        if (!OtelIds.TryHex(traceId, traceHex) || !OtelIds.TryHex(spanId, spanHex))
        {
            return; // It leads nowhere.
        }

        _links.BeginObject();
        _links.Text("trace_id"u8, traceHex);
        _links.Text("span_id"u8, spanHex);
        if (!state.IsEmpty)
        {
            _links.Text("trace_state"u8, Text(state, LongestState));
        }

        WriteInner(_links, record, field: 4);
        _links.EndObject();
    }

    /// <summary>The attributes of an event or a link.</summary>
    private static void WriteInner(AttributeWriter output, ReadOnlySpan<byte> record, int field)
    {
        output.BeginObject("attributes"u8);
        for (var fields = new WireReader(record); fields.Next();)
        {
            if (fields.Field == field)
            {
                output.Attribute(fields.Bytes);
            }
        }

        output.EndObject();
    }

    private ReadOnlySpan<byte> Secretless(ReadOnlySpan<byte> text, bool isJson) =>
        !redacts || text.IsEmpty ? text : isJson ? _secrets.OfMeta(text) : _secrets.OfMessage(text);

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> text, int longest) =>
        AttributeWriter.Clean(AttributeWriter.Beginning(text, longest));

    private static bool IsNone(ReadOnlySpan<byte> json) => json.Length == 2; // {} or []
}

/// <summary>Times of nanoseconds, in ISO 8601.</summary>
internal static class NanoTime
{
    public const int Length = 30; // 2026-11-29T12:00:00.123456789Z

    private const ulong NanosOfSecond = 1_000_000_000;

    /// <returns>What was written.</returns>
    public static ReadOnlySpan<byte> Write(Span<byte> output, ulong nanos)
    {
        var second = DateTime.UnixEpoch.AddSeconds(nanos / NanosOfSecond);
        System.Text.Unicode.Utf8.TryWrite(output, CultureInfo.InvariantCulture, $"{second:yyyy-MM-ddTHH:mm:ss}.{nanos % NanosOfSecond:D9}Z", out var length);
        return output[..length];
    }
}
