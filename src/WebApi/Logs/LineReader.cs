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
    public const int MaxMessage = 256 * 1024;
    public const int MaxSource = 200;
    private const int MaxLevel = 100;

    private const int Source = 0, Service = 1, Level = 2, Message = 3, Meta = 4, Time = 5;

    private readonly DateTimeOffset _newest = now + ItemLimits.MaxAhead;
    private readonly ArrayBufferWriter<byte> _texts = new(1_024);
    private readonly ArrayBufferWriter<byte> _metaText = new();
    private readonly LineSecrets _secrets = new();
    private int _cut;
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
    public override int? Cut => _cut;

    public override FieldError? Add(ReadOnlySpan<byte> item, LogBatch batch)
    {
        if (Read(item) is { } error)
        {
            return error;
        }

        var texts = _texts.WrittenSpan;
        var message = options.Redact ? _secrets.OfMessage(texts[_message]) : texts[_message];
        var line = new LogLine { Time = _time, Level = _level, Source = texts[_source], Service = texts[_service], Message = message,
            TraceId = texts[_traceId] };
        ReadMeta(item, ref line);
        batch.Add(line);
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

    /// <summary>Reads the line's meta, and adds the level to it as sent if that level is unknown.</summary>
    private void ReadMeta(ReadOnlySpan<byte> item, ref LogLine line)
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

        _metaText.ResetWrittenCount();
        if (!meta.IsEmpty)
        {
            meta = options.Redact ? _secrets.OfMeta(meta) : meta;
            line.Meta = LineMeta.Read(meta, _metaText);
        }

        if (!TextFold.IsPlain(line.Message) || !TextFold.IsPlain(line.Source) || !TextFold.IsPlain(_metaText.WrittenSpan))
        {
            // Append the folded form of text that PostgreSQL does not fold, as searches look for it; nothing but searches reads this text.
            var text = $"\n{Encoding.UTF8.GetString(line.Message)}\n{Encoding.UTF8.GetString(line.Source)}\n{Encoding.UTF8.GetString(_metaText.WrittenSpan)}";
            Encoding.UTF8.GetBytes(TextFold.Of(text), _metaText);
        }

        line.MetaText = _metaText.WrittenSpan;
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

    /// <summary>Reads the message; cuts one that is too long and appends a mark that says so.</summary>
    private string? ReadMessage(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.String)
        {
            return ItemText.NoText;
        }

        var start = _texts.WrittenCount;
        JsonTexts.Write(ref json, _texts);
        _message = start.._texts.WrittenCount;
        var message = _texts.WrittenSpan[_message];
        if (message.Length <= MaxMessage)
        {
            return null;
        }

        _cut++;
        var end = MaxMessage;
        while ((message[end] & 0xC0) == 0x80) // within a character
        {
            end--;
        }

        var mark = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"… (cut: {message.Length} bytes in all)"));
        start = _texts.WrittenCount;
        _texts.Write((byte[])[.. message[..end], .. mark]);
        _message = start.._texts.WrittenCount;
        return null;
    }
}
