using Bayou.Ingest;
using Bayou.Logs;

namespace Bayou.Otlp;

/// <summary>
/// Reads an ExportLogsServiceRequest into lines. What a record says becomes: its severity the level, its body the message, its
/// scope (what logged it) the source, <c>service.name</c> the service; attributes, resource and the rest are in meta.
/// </summary>
internal sealed class LogRecordReader(DateTimeOffset now, LogsOptions options) : RecordReader<LogBatch>(new(OfLines))
{
    // Bytes of JSON, of a record.
    private const int MostMeta = 60 * 1024;
    private const int MostBody = 200 * 1024;
    private const int OfLines = 4 * 1024; // of a resource, and of a scope: they are in every line

    private readonly LineFinish _finish = new(options);
    private readonly AttributeWriter _meta = new(MostMeta, hasOwn: true);
    private readonly AttributeWriter _body = new(MostBody);
    private readonly byte[] _traceId = new byte[32];

    /// <summary>Whether one says no time, so that two requests of the same bytes may be two.</summary>
    public bool IsUntimed { get; private set; }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _meta.Dispose();
            _body.Dispose();
        }
    }

    protected override void Add(ReadOnlySpan<byte> record, LogBatch batch)
    {
        var (time, observed, severity, dropped) = (0UL, 0UL, 0UL, 0UL);
        ReadOnlySpan<byte> text = default, body = default, traceId = default, spanId = default, eventName = default;
        for (var fields = new WireReader(record); fields.Next();)
        {
            switch (fields.Field)
            {
                case 1:
                    time = fields.Number;
                    break;
                case 2:
                    severity = fields.Number;
                    break;
                case 3:
                    text = fields.Bytes;
                    break;
                case 5:
                    body = fields.Bytes;
                    break;
                case 7:
                    dropped = fields.Number;
                    break;
                case 9:
                    traceId = fields.Bytes;
                    break;
                case 10:
                    spanId = fields.Bytes;
                    break;
                case 11:
                    observed = fields.Number;
                    break;
                case 12:
                    eventName = fields.Bytes;
                    break;
            }
        }

        var level = LevelOf(severity, text);
        IsUntimed |= (time | observed) == 0;
        var at = TimeOf(time != 0 ? time : observed);
        var oldest = now - options.Retention(LogSegments.RetentionOf(level));
        if (ItemTime.Problem(default, at, oldest, now + ItemLimits.MaxAhead, $"what is kept of level {LogLevels.NameOf(level)}") is { } problem)
        {
            Refuse($"time_unix_nano {problem}");
            return;
        }

        Span<byte> spanHex = stackalloc byte[16];
        _body.Begin();
        _meta.Begin();
        _meta.BeginObject();
        for (var fields = new WireReader(record); fields.Next();)
        {
            if (fields.Field == 6)
            {
                _meta.Attribute(fields.Bytes);
            }
        }

        if (OtelIds.TryHex(spanId, spanHex))
        {
            _meta.Text("span_id"u8, spanHex);
        }

        if (!eventName.IsEmpty)
        {
            _meta.Text("event_name"u8, eventName);
        }

        if (!text.IsEmpty && !IsNameOf(text, level))
        {
            _meta.Text("severity_text"u8, text);
        }

        Resource.WriteTo(_meta);
        var message = MessageOf(body, eventName, out var isJson);
        if ((long)dropped + _meta.LeftOut + _body.LeftOut + Resource.LeftOut is > 0 and var all)
        {
            _meta.Number("dropped_attributes_count"u8, all);
        }

        _meta.EndObject();
        _finish.Add(batch, new LogLine
        {
            Time = at.UtcDateTime, Level = level, Source = Resource.Source, Service = Resource.Service,
            TraceId = OtelIds.TryHex(traceId, _traceId) ? _traceId : default, Message = message,
        }, _meta.Written is [(byte)'{', (byte)'}'] ? default : _meta.Written, isJson);
    }

    /// <summary>A body's text; of another value its JSON, and of none the event's name.</summary>
    private ReadOnlySpan<byte> MessageOf(ReadOnlySpan<byte> body, ReadOnlySpan<byte> eventName, out bool isJson)
    {
        isJson = false;
        if (AttributeWriter.TextOf(body) is { IsEmpty: false } text)
        {
            return AttributeWriter.Clean(text);
        }

        if (body.IsEmpty || body is [0x0A, 0])
        {
            return AttributeWriter.Clean(eventName);
        }

        isJson = true;
        _body.Value(body);
        return _body.Written;
    }

    private static LineLevel LevelOf(ulong severity, ReadOnlySpan<byte> text) =>
        severity is >= 1 and <= 24 ? (LineLevel)((severity + 3) / 4)
        : LogLevels.TryParse(text, out var named) ? named
        : text.IsEmpty ? LineLevel.Info : LogLevels.Likely(text);

    private static bool IsNameOf(ReadOnlySpan<byte> text, LineLevel level) => LogLevels.TryParse(text, out var named) && named == level;

    /// <summary>0 is no time: then it is now.</summary>
    private DateTimeOffset TimeOf(ulong nanoseconds) => nanoseconds == 0 ? now : DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / 100));
}
