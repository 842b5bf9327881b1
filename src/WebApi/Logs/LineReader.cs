using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Search;

namespace Bayou.Logs;

/// <summary>Reads one item of <c>POST /ingest/v1/logs</c>. Whatever is in its texts is kept, as a line is worth more than its one bad character.</summary>
/// <param name="now">The time of a line that says none.</param>
internal sealed class LineReader(DateTimeOffset now, LogsOptions options) : ItemReader<LogBatch>(
    [
        new("source", FieldRule.Required), new("service"), new("level", FieldRule.Present), new("message", FieldRule.Required), new("meta"), new("time"),
        new("trace_id"),
    ])
{
    // Bytes of UTF-8.
    public const int MaxSource = 200;
    private const int MaxLevel = 100;

    private const int Source = 0, Service = 1, Level = 2, Message = 3, Meta = 4, Time = 5;

    private readonly DateTimeOffset _newest = now + ItemLimits.MaxAhead;
    private readonly ArrayBufferWriter<byte> _texts = new(1_024);
    private readonly LineFinish _finish = new(options);
    private DateTime _time;
    private LineLevel _level;
    private Range _source; // Those of texts.
    private Range _service;
    private Range _message;
    private Range _traceId;
    private Range _meta; // Those of the item.
    private Range _unknownLevel;
    private Range _writtenTime;

    /// <summary>Messages that were too long to be kept whole.</summary>
    public override int? Cut => _finish.Cut;

    public override FieldError? Add(ReadOnlySpan<byte> item, LogBatch batch)
    {
        if (Read(item) is { } error)
        {
            return error;
        }

        var texts = _texts.WrittenSpan;
        var line = new LogLine { Time = _time, Level = _level, Source = texts[_source], Service = texts[_service], Message = texts[_message],
            TraceId = texts[_traceId] };
        _finish.Add(batch, line, MetaOf(item));
        return null;
    }

    protected override void Begin()
    {
        _texts.ResetWrittenCount();
        (_time, _level) = (now.UtcDateTime, LineLevel.Info);
        _source = _service = _message = _traceId = _meta = _unknownLevel = _writtenTime = default;
    }

    protected override string? ReadField(int field, ref Utf8JsonReader json, ReadOnlySpan<byte> item)
    {
        switch (field)
        {
            case Source:
                return ReadText(ref json, MaxSource, ref _source);
            case Service:
                return ReadText(ref json, ItemLimits.MaxService, ref _service);
            case Level:
                return ReadLevel(ref json);
            case Message:
                return ReadMessage(ref json);
            case Meta:
                var meta = ValueOf(ref json);
                var isTooLarge = item[meta].Length > LineMeta.MaxBytes;
                _meta = isTooLarge ? default : meta;
                return isTooLarge ? $"is larger than {LineMeta.MaxBytes} bytes" : null;
            case Time:
                return ReadTime(ref json);
            default:
                return ReadTraceId(ref json);
        }
    }

    protected override FieldError? Check(ReadOnlySpan<byte> item)
    {
        var oldest = now - options.Retention(LogSegments.RetentionOf(_level));
        var written = item[_writtenTime];
        var problem = ItemTime.Problem(written, _time, oldest, _newest, $"what is kept of level {LogLevels.NameOf(_level)}")
            // A number that is no time at all may be one of another unit.
            ?? (Warnings.Exists(warning => warning.Field == "time") ? Times.UnitProblem(written) : null);
        return problem is null ? null : new("time", problem);
    }

    /// <summary>The line's meta, and with it the level as sent if that level is unknown.</summary>
    private ReadOnlySpan<byte> MetaOf(ReadOnlySpan<byte> item)
    {
        var meta = item[_meta];
        var level = item[_unknownLevel];
        if (!level.IsEmpty)
        {
            if (level.Length <= MaxLevel && LineMeta.TryAdd("level"u8, level, meta) is { } with)
            {
                meta = with;
            }
            else
            {
                Warnings.Add(new("level", "is no known level, and meta has no room for it"));
            }
        }

        return meta;
    }

    private static Range ValueOf(ref Utf8JsonReader json)
    {
        var start = (int)json.TokenStartIndex;
        json.Skip();
        return start..(int)json.BytesConsumed;
    }

    private string? ReadText(ref Utf8JsonReader json, int longest, ref Range text)
    {
        if (json.TokenType != JsonTokenType.String)
        {
            return ItemText.NoText;
        }

        var start = _texts.WrittenCount;
        JsonTexts.Write(ref json, _texts);
        var length = _texts.WrittenCount - start;
        if (length > longest)
        {
            return ItemText.TooLong(longest);
        }

        text = start.._texts.WrittenCount;
        return length == 0 ? ItemText.Empty : null;
    }

    private string? ReadTraceId(ref Utf8JsonReader json)
    {
        var problem = ReadText(ref json, ItemLimits.MaxTraceId, ref _traceId)
            ?? (_texts.WrittenSpan[_traceId].ContainsAnyExceptInRange((byte)'!', (byte)'~') ? "must be of printable ASCII without blanks" : null);
        _traceId = problem is null ? _traceId : default;
        return problem;
    }

    private string? ReadLevel(ref Utf8JsonReader json)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.Null:
                return "is empty";
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                return "must be a string or a number";
            case JsonTokenType.String when LogLevels.TryParse(json.ValueSpan, out var named):
            case JsonTokenType.Number when json.TryGetInt64(out var number) && LogLevels.TryParse(number, out named):
                _level = named;
                return null;
            default:
                _level = LogLevels.Likely(json.ValueSpan);
                _unknownLevel = ValueOf(ref json);
                return null;
        }
    }

    private string? ReadTime(ref Utf8JsonReader json)
    {
        var quote = json.TokenType == JsonTokenType.String ? 1 : 0;
        _writtenTime = ((int)json.TokenStartIndex + quote)..((int)json.BytesConsumed - quote);
        if (!Times.TryRead(ref json, out var utc))
        {
            return Times.Expected;
        }

        _time = utc;
        return null;
    }

    private string? ReadMessage(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.String)
        {
            return ItemText.NoText;
        }

        var start = _texts.WrittenCount;
        JsonTexts.Write(ref json, _texts);
        _message = start.._texts.WrittenCount;
        return null;
    }
}
