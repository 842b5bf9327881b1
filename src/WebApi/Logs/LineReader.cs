using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bayou.Http;
using Bayou.Ingest;

namespace Bayou.Logs;

/// <summary>Reads one item of <c>POST /ingest/v1/logs</c>.</summary>
/// <param name="now">The time of a line that says none.</param>
internal sealed class LineReader(DateTimeOffset now, LogsOptions options)
{
    // Bytes of UTF-8.
    public const int MaxMessage = 256 * 1024;
    public const int MaxSource = 200;
    private const int MaxLevel = 100;

    private static readonly string[] Fields = ["source", "service", "level", "message", "meta", "time", "trace_id"];
    private const int Source = 0, Service = 1, Level = 2, Message = 3, Meta = 4, Time = 5, TraceId = 6;

    private readonly DateTimeOffset _newest = now + IngestService.MaxAhead;
    private readonly ArrayBufferWriter<byte> _metaText = new();
    private byte[] _room = new byte[1_024];
    private string _field = "";

    /// <summary>Messages that were too long to be kept whole.</summary>
    public int Cut { get; private set; }

    /// <summary>What is wrong with optional fields of the line that was read last: each is left out.</summary>
    public List<FieldError> Warnings { get; } = [];

    /// <summary>Adds the line to the batch, or says what is wrong with the item and which field has it.</summary>
    public FieldError? Read(ReadOnlySpan<byte> item, LogBatch batch)
    {
        _field = "";
        Warnings.Clear();
        if (_room.Length < item.Length)
        {
            _room = new byte[item.Length * 2];
        }

        try
        {
            var line = new LogLine { Time = now.UtcDateTime, Level = LineLevel.Info };
            var error = Fill(item, ref line);
            if (error is null)
            {
                batch.Add(line);
            }

            return error;
        }
        catch (JsonException e)
        {
            return new(_field.Length > 0 ? _field : "item", $"is not valid JSON, or has more than {LineMeta.MaxDepth} levels (byte {e.BytePositionInLine})");
        }
    }

    private FieldError? Fill(ReadOnlySpan<byte> item, ref LogLine line)
    {
        var reader = new Utf8JsonReader(item);
        var room = _room.AsSpan();
        var seen = 0;
        var found = default(Found);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return new("item", "must be a JSON object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var at = FieldAt(ref reader);
            if (at < 0)
            {
                return new(JsonTexts.Read(ref reader) is { Length: <= 64 } name ? name : "item", $"is not a known field; expected one of {string.Join(", ", Fields)}");
            }

            _field = Fields[at];
            if ((seen & (1 << at)) != 0)
            {
                return new(_field, "is given twice");
            }

            seen |= 1 << at;
            reader.Read();
            var isBlank = at is not (Source or Message) && IsBlank(ref reader);
            if ((isBlank ? "is empty" : ReadField(at, ref reader, item, ref line, ref found, ref room)) is { } problem)
            {
                if (at is Source or Message)
                {
                    return new(_field, problem);
                }

                Warnings.Add(new(_field, problem));
                reader.Skip(); // where it is an object or an array
            }
        }

        _field = "";
        if (reader.Read())
        {
            return new("item", "is followed by something else");
        }

        foreach (var required in (ReadOnlySpan<int>)[Source, Level, Message])
        {
            if ((seen & (1 << required)) == 0)
            {
                return new(Fields[required], "is missing");
            }
        }

        ReadMeta(found, ref line);
        return ProblemOf(line, found);
    }

    /// <summary>How programs write that they know none.</summary>
    private static bool IsBlank(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && reader.ValueSpan.Trim(" \t"u8) is var text && (text.IsEmpty || text.SequenceEqual("-"u8));

    private FieldError? ProblemOf(in LogLine line, in Found found)
    {
        var oldest = now - options.Retention(LogSegment.RetentionOf(line.Level));
        var problem = line.Time > _newest ? $"is more than {IngestService.MaxAhead.TotalMinutes:0} minutes ahead"
            : line.Time < oldest ? $"is older than lines of level {LogLevels.NameOf(line.Level)} are kept" : null;
        if (problem is not null || Warnings.Count > 0)
        {
            problem = Times.UnitProblem(found.Time) ?? problem; // It may be a number that is no time at all.
        }

        return problem is null ? null : new("time", problem);
    }

    /// <summary>Takes what is beside the message, and the level as it was sent, where nobody knows that.</summary>
    private void ReadMeta(in Found found, ref LogLine line)
    {
        var meta = found.Meta;
        if (!found.UnknownLevel.IsEmpty)
        {
            if (found.UnknownLevel.Length <= MaxLevel && LineMeta.TryAdd("level"u8, found.UnknownLevel, meta) is { } with)
            {
                meta = with;
            }
            else
            {
                Warnings.Add(new(Fields[Level], "is no known level, and meta has no room for it"));
            }
        }

        if (meta.IsEmpty)
        {
            return;
        }

        _metaText.ResetWrittenCount();
        line.Meta = LineMeta.Read(meta, _metaText);
        line.MetaText = _metaText.WrittenSpan;
    }

    private static int FieldAt(ref Utf8JsonReader reader)
    {
        for (var at = 0; at < Fields.Length; at++)
        {
            if (reader.ValueIsEscaped ? JsonTexts.Read(ref reader) == Fields[at] : reader.ValueTextEquals(Fields[at]))
            {
                return at;
            }
        }

        return -1;
    }

    /// <returns>What is wrong with it, or null.</returns>
    private string? ReadField(int at, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> item, ref LogLine line, ref Found found, scoped ref Span<byte> room)
    {
        if (reader.TokenType == JsonTokenType.Null && at is Service or TraceId or Time)
        {
            return null;
        }

        switch (at)
        {
            case Source:
                return ReadText(ref reader, MaxSource, ref room, out line.Source);
            case Service:
                return ReadText(ref reader, ObservationReader.MaxService, ref room, out line.Service);
            case TraceId:
                var problem = ReadText(ref reader, ObservationReader.MaxTraceId, ref room, out line.TraceId)
                    ?? (line.TraceId.ContainsAnyExceptInRange((byte)'!', (byte)'~') ? "must be of printable ASCII without blanks" : null);
                line.TraceId = problem is null ? line.TraceId : [];
                return problem;
            case Level:
                return ReadLevel(ref reader, item, ref line.Level, ref found);
            case Message when reader.TokenType != JsonTokenType.String:
                return "must be a text";
            case Message:
                line.Message = Shortened(JsonTexts.Read(ref reader, ref room));
                return null;
            case Meta:
                var json = ValueOf(ref reader, item);
                found.Meta = json.Length <= LineMeta.MaxBytes ? json : [];
                return json.Length <= LineMeta.MaxBytes ? null : $"is larger than {LineMeta.MaxBytes} bytes";
            default:
                found.Time = reader.ValueSpan;
                return ReadTime(ref reader, ref line.Time);
        }
    }

    private static ReadOnlySpan<byte> ValueOf(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> item)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return item[start..(int)reader.BytesConsumed];
    }

    private static string? ReadText(scoped ref Utf8JsonReader reader, int most, scoped ref Span<byte> room, out ReadOnlySpan<byte> text)
    {
        text = [];
        if (reader.TokenType != JsonTokenType.String)
        {
            return "must be a text";
        }

        text = JsonTexts.Read(ref reader, ref room);
        if (!text.IsEmpty && text.Length <= most)
        {
            return null;
        }

        text = [];
        return $"must be of 1 to {most} bytes";
    }

    private static string? ReadLevel(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> item, ref LineLevel level, ref Found found)
    {
        level = LineLevel.Info;
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return "is empty";
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                return "must be a text or a number";
            case JsonTokenType.String when LogLevels.TryParse(reader.ValueSpan, out var named):
            case JsonTokenType.Number when reader.TryGetInt64(out var number) && LogLevels.TryParse(number, out named):
                level = named;
                return null;
            default:
                level = LogLevels.Likely(reader.ValueSpan);
                found.UnknownLevel = ValueOf(ref reader, item);
                return null;
        }
    }

    private static string? ReadTime(ref Utf8JsonReader reader, ref DateTime utc)
    {
        var read = default(DateTime);
        var isTime = reader.TokenType switch
        {
            JsonTokenType.String => Times.TryParsePlain(reader.ValueSpan, out read) || TryParseAny(reader.ValueSpan, out read),
            JsonTokenType.Number => reader.TryGetInt64(out var milliseconds) && Times.FromUnixMilliseconds(milliseconds, out read),
            _ => false,
        };
        utc = isTime ? read : utc;
        return isTime ? null : Times.Expected;

        static bool TryParseAny(ReadOnlySpan<byte> text, out DateTime utc)
        {
            var isTime = Times.TryParse(text, out var time);
            utc = time.UtcDateTime;
            return isTime;
        }
    }

    /// <summary>The beginning of what is too long, and a mark that says so.</summary>
    private ReadOnlySpan<byte> Shortened(ReadOnlySpan<byte> message)
    {
        if (message.Length <= MaxMessage)
        {
            return message;
        }

        Cut++;
        var end = MaxMessage;
        while ((message[end] & 0xC0) == 0x80) // within a character
        {
            end--;
        }

        return (byte[])[.. message[..end], .. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"… (cut: {message.Length} bytes in all)"))];
    }

    /// <summary>What is understood when all fields have been seen.</summary>
    private ref struct Found
    {
        public ReadOnlySpan<byte> Meta;

        /// <summary>As JSON.</summary>
        public ReadOnlySpan<byte> UnknownLevel;

        /// <summary>As it was sent.</summary>
        public ReadOnlySpan<byte> Time;
    }
}
